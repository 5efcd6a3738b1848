-- metrics: [active_users, average_daily_users, stickiness, median_activities_per_user,
--   active_users_vs_previous_month, active_users_vs_last_year, activities_moving_average]
-- by: [month]
-- period: 2023..2024
with actions as (
    select user_id, day, date_trunc('month', day)::date as month
    from (select user_id, (occurred_at + interval 7 hours)::date as day from activity_log)
),
per_month as (
    select month, count(distinct user_id) as active_users, count(*) as activities from actions group by month
),
daily as (
    -- Every day since the data begin, those without any activity included.
    select date_trunc('month', day)::date as month, sum(users) / count(*) as users
    from (
        select series.day::date as day, count(distinct user_id) as users
        from generate_series((select min(day) from actions), date '2024-12-31', interval 1 day) as series(day)
        left join actions on actions.day = series.day
        group by 1
    )
    group by 1
),
of_one_user as (
    select month, user_id, count(*) as activities from actions where user_id is not null group by month, user_id
),
middle as (
    select month, avg(activities) as activities
    from (
        select *, row_number() over (partition by month order by activities) as place,
               count(*) over (partition by month) as users
        from of_one_user
    )
    where place in ((users + 1) // 2, users // 2 + 1)
    group by month
)
select
    now.month, now.active_users, daily.users, daily.users / now.active_users, middle.activities,
    now.active_users / before.active_users - 1,
    now.active_users / last_year.active_users - 1,
    (select sum(seven.activities) / count(*) from per_month as seven
     where seven.month <= now.month and seven.month > now.month - interval 7 months)
from per_month as now
join daily on daily.month = now.month
join middle on middle.month = now.month
left join per_month as before on before.month = now.month - interval 1 month
left join per_month as last_year on last_year.month = now.month - interval 1 year
where now.month between date '2023-01-01' and date '2024-12-01'
order by now.month
