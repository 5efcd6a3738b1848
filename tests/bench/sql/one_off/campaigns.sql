-- Fast because only activities on the few days on which any assignment was open meet the assignments at all;
-- because a semi join with the assignments as its hash table marks those that were answered, 14 days being
-- microseconds and no interval; and because all is counted by the campaign's number, whose name is looked up last.
with days as (
    select distinct assigned_on + unnest(range(15))::integer as day
    from (select distinct assigned_at::date as assigned_on from campaign_exposures)
),
near as (
    select user_id, occurred_at
    from activity_log
    semi join days on occurred_at::date = day
),
counts as (
    select
        campaign_id,
        count(*) filter (exposure_group = 'treatment') as exposed,
        count(*) filter (exposure_group = 'holdout') as held_out,
        0 as responses,
        0 as holdout_responses
    from campaign_exposures
    group by campaign_id
    union all
    select
        campaign_id,
        0,
        0,
        count(*) filter (exposure_group = 'treatment'),
        count(*) filter (exposure_group = 'holdout')
    from campaign_exposures
    semi join near
        on near.user_id = campaign_exposures.user_id
        and occurred_at >= assigned_at
        and epoch_us(occurred_at) < epoch_us(assigned_at) + 14 * 86400000000
    group by campaign_id
)
select
    campaign_name as campaign,
    sum(exposed)::bigint as exposures,
    sum(held_out)::bigint as holdouts,
    sum(responses) / nullif(sum(exposed), 0) as response_rate,
    sum(holdout_responses) / nullif(sum(held_out), 0) as holdout_response_rate,
    response_rate - holdout_response_rate as response_lift
from counts left join campaigns using (campaign_id)
group by campaign
order by campaign nulls last
