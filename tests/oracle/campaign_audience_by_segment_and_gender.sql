-- metrics: [exposures, exposed_users, holdouts, response_rate]
-- by: [segment, gender]
-- period: 2025
select
    segment,
    gender,
    sum(case when exposure_group = 'treatment' then 1 else 0 end) as exposures,
    count(distinct case when exposure_group = 'treatment' then campaign_exposures.user_id end),
    sum(case when exposure_group = 'holdout' then 1 else 0 end),
    case when exposures > 0 then
        sum(case when exposure_group = 'treatment' and (
                select count(*) from activity_log
                where activity_log.user_id = campaign_exposures.user_id
                  and occurred_at >= assigned_at and occurred_at < assigned_at + interval 14 days) > 0
            then 1 else 0 end) / exposures
    end
from campaign_exposures
left join users on users.user_id = campaign_exposures.user_id
left join user_segments
    on user_segments.user_id = campaign_exposures.user_id
    and assigned_at >= valid_from and assigned_at < coalesce(valid_to, timestamp '9999-01-01')
where assigned_at >= timestamp '2024-12-31 17:00:00' and assigned_at < timestamp '2025-12-31 17:00:00'
group by 1, 2
order by list_position(['new', 'occasional', 'regular', 'champion', 'dormant'], segment) nulls last, gender nulls last
