-- metrics: [activities, unknown_user_activities, late_activities, new_users]
-- by: [day]
-- period: 2025-06-01..2025-06-30
with actions as (
    select
        (occurred_at + interval 7 hours)::date as day,
        user_id is null or user_id not in (select user_id from users) as unknown,
        (loaded_at + interval 7 hours)::date > (occurred_at + interval 7 hours)::date as late
    from activity_log
)
select
    day::date as day,
    (select count(*) from actions where actions.day = days.day::date),
    (select count(*) from actions where actions.day = days.day::date and unknown),
    (select count(*) from actions where actions.day = days.day::date and late),
    (select count(*) from users where (registered_at + interval 7 hours)::date = days.day::date)
from generate_series(date '2025-06-01', date '2025-06-30', interval 1 day) as days(day)
order by day
