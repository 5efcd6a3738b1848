-- metrics: [active_users, new_users, new_user_share, activities, activities_per_active_user]
-- by: [week]
-- period: last 13 weeks
with weeks as (
    select day::date as week from generate_series(date '2026-08-03', date '2026-10-26', interval 7 days) as days(day)
),
active as (
    select week, count(distinct user_id) as active_users, count(activity_id) as activities
    from weeks
    left join activity_log
        on occurred_at >= week - interval 7 hours and occurred_at < week + interval 7 days - interval 7 hours
    group by week
),
registered as (
    select week, count(user_id) as new_users
    from weeks
    left join users
        on registered_at >= week - interval 7 hours and registered_at < week + interval 7 days - interval 7 hours
    group by week
)
select
    week, active_users, new_users,
    case when active_users > 0 then new_users / active_users end,
    activities,
    case when active_users > 0 then activities / active_users end
from active
join registered using (week)
order by week
