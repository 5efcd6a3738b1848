-- metrics: [active_users_7d, active_users_28d, new_users_to_date]
-- by: [week]
-- period: 2022-12-19..2023-02-26
with actions as (select user_id, (occurred_at + interval 7 hours)::date as day from activity_log),
weeks as (
    select day::date as week, day::date + 6 as last_day
    from generate_series(date '2022-12-19', date '2023-02-20', interval 7 days) as series(day)
)
select
    week,
    (select count(distinct user_id) from actions where day between last_day - 6 and last_day),
    (select count(distinct user_id) from actions where day between last_day - 27 and last_day),
    (select count(*) from users where (registered_at + interval 7 hours)::date <= last_day)
from weeks
order by week
