-- metrics: [active_users_share, active_users]
-- by: [quarter, feature]
-- period: 2024..2025
-- fill: false
with actions as (
    select user_id, feature, date_trunc('quarter', occurred_at + interval 7 hours)::date as quarter from activity_log
),
everybody as (select quarter, count(distinct user_id) as users from actions group by quarter)
select quarter, feature, count(distinct user_id) / any_value(users), count(distinct user_id)
from actions
join everybody using (quarter)
where quarter between date '2024-01-01' and date '2025-12-31'
group by quarter, feature
order by quarter, feature nulls last
