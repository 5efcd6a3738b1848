-- metrics: [exposures, exposed_users, holdouts, responses, holdout_responses,
--   response_rate, holdout_response_rate, response_lift]
-- by: [campaign]
with outcomes as (
    select
        campaign_exposures.campaign_id, campaign_exposures.user_id, assigned_at, exposure_group,
        count(activity_id) > 0 as responded
    from campaign_exposures
    left join activity_log
        on activity_log.user_id = campaign_exposures.user_id
        and occurred_at between assigned_at and assigned_at + interval 14 days - interval 1 microsecond
    group by all
)
select
    campaign_name,
    count(*) filter (exposure_group = 'treatment') as exposures,
    count(distinct user_id) filter (exposure_group = 'treatment') as exposed_users,
    count(*) filter (exposure_group = 'holdout') as holdouts,
    count(*) filter (exposure_group = 'treatment' and responded) as responses,
    count(*) filter (exposure_group = 'holdout' and responded) as holdout_responses,
    case when exposures > 0 then responses / exposures end as response_rate,
    case when holdouts > 0 then holdout_responses / holdouts end as holdout_response_rate,
    response_rate - holdout_response_rate
from outcomes
join campaigns on campaigns.campaign_id = outcomes.campaign_id
group by campaign_name
order by campaign_name
