-- metrics: [active_users, active_users_7d, active_users_28d, active_users_vs_52_weeks_before]
-- by: [day]
-- period: 2023-12-20..2024-02-10
with actions as (select user_id, (occurred_at + interval 7 hours)::date as day from activity_log),
days as (
    select day::date as day
    from generate_series(date '2023-12-20', date '2024-02-10', interval 1 day) as series(day)
),
counted as (
    select
        day,
        (select count(distinct user_id) from actions where actions.day = days.day) as today,
        (select count(distinct user_id) from actions
         where actions.day <= days.day and actions.day > days.day - 7) as week,
        (select count(distinct user_id) from actions
         where actions.day <= days.day and actions.day > days.day - 28) as four_weeks,
        (select count(distinct user_id) from actions where actions.day = days.day - 364) as before
    from days
)
select
    day, today, week, four_weeks,
    case when day - 364 >= (select min(day) from actions) and before > 0 then today / before - 1 end
from counted
order by day
