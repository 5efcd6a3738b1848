with responses as (
    select
        campaign_name,
        exposure_group,
        exists (
            select 1
            from activity_log
            where activity_log.user_id = campaign_exposures.user_id
                and occurred_at >= assigned_at
                and occurred_at < assigned_at + interval 14 days
        ) as responded
    from campaign_exposures
    left join campaigns using (campaign_id)
)
select
    campaign_name as campaign,
    count(*) filter (exposure_group = 'treatment') as exposures,
    count(*) filter (exposure_group = 'holdout') as holdouts,
    avg(responded::int) filter (exposure_group = 'treatment') as response_rate,
    avg(responded::int) filter (exposure_group = 'holdout') as holdout_response_rate,
    response_rate - holdout_response_rate as response_lift
from responses
group by campaign
order by campaign nulls last
