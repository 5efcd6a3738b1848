-- As the other one, but unknown users are dropped last, and the middle is found by counting users of equal numbers: faster for many users.
with per_user as (
    select user_id, (year(make_timestamp(epoch_us(occurred_at) + 25200000000)) * 12 + month(make_timestamp(epoch_us(occurred_at) + 25200000000)) - year(timestamp '2024-12-31 17:00' + interval 7 hours) * 12 - month(timestamp '2024-12-31 17:00' + interval 7 hours))::usmallint as month_number, count(*) as activities
    from activity_log
    where occurred_at >= timestamp '2024-12-31 17:00' and occurred_at < timestamp '2025-12-31 17:00'
    group by user_id, month_number
),
counted as (
    select month_number, activities, count(*) as users
    from per_user semi join users using (user_id)
    group by all
),
ranked as (
    select
        *,
        sum(users) over (partition by month_number) as total,
        sum(users) over (partition by month_number order by activities) as upto
    from counted
),
middle as (
    select month_number, activities from ranked
    where upto >= (total + 1) // 2 and upto - users < (total + 1) // 2
    union all
    select month_number, activities from ranked
    where upto >= total // 2 + 1 and upto - users < total // 2 + 1
),
medians as (
    select month_number, avg(activities) as median_activities
    from middle
    group by month_number
)
select (date_trunc('month', timestamp '2024-12-31 17:00' + interval 7 hours) + to_months(number::integer))::date as month, median_activities
from range(date_diff('month', timestamp '2024-12-31 17:00' + interval 7 hours, timestamp '2025-12-31 17:00' + interval 7 hours - interval 1 microsecond) + 1) as months(number) left join medians on month_number = number
order by month
