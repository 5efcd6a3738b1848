-- A user counts from the first activity of a year on, so the users' first activities are counted by month, and added up in a year.
-- Right for any period; one within a year is grouped by user alone. Bangkok is seven hours ahead of UTC all year, so no zones are converted.
with firsts as (
    select user_id, min(occurred_at) + interval 7 hours as first_at
    from activity_log
    where user_id is not null
        and occurred_at >= date_trunc('year', timestamp '2024-12-31 17:00' + interval 7 hours) - interval 7 hours and occurred_at < timestamp '2025-12-31 17:00'
    group by
        user_id,
        case
            when year(timestamp '2024-12-31 17:00' + interval 7 hours) < year(timestamp '2025-12-31 17:00' + interval 7 hours - interval 1 microsecond)
            then year(make_timestamp(epoch_us(occurred_at) + 25200000000))
        end
),
counted as (
    select date_trunc('month', first_at)::date as month, count(*) as users
    from firsts
    group by month
),
spine as (
    select (date_trunc('year', timestamp '2024-12-31 17:00' + interval 7 hours) + to_months(number::integer))::date as month
    from range(date_diff('month', date_trunc('year', timestamp '2024-12-31 17:00' + interval 7 hours), timestamp '2025-12-31 17:00' + interval 7 hours - interval 1 microsecond) + 1)
        as months(number)
),
running as (
    select month, coalesce(sum(users) over (partition by year(month) order by month), 0)::bigint as active_users_year_to_date
    from spine left join counted using (month)
)
select month, active_users_year_to_date
from running
where month >= date_trunc('month', timestamp '2024-12-31 17:00' + interval 7 hours)
order by month
