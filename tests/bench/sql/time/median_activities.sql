-- Activities of unknown users are dropped on the scan, then counted by user and month. Right for any period.
-- Bangkok is seven hours ahead of UTC all year, so no zones are converted.
with per_user as (
    select user_id, (year(make_timestamp(epoch_us(occurred_at) + 25200000000)) * 12 + month(make_timestamp(epoch_us(occurred_at) + 25200000000)) - year(timestamp '2024-12-31 17:00' + interval 7 hours) * 12 - month(timestamp '2024-12-31 17:00' + interval 7 hours))::usmallint as month_number, count(*) as activities
    from activity_log semi join users using (user_id)
    where occurred_at >= timestamp '2024-12-31 17:00' and occurred_at < timestamp '2025-12-31 17:00'
    group by user_id, month_number
),
medians as (
    select month_number, median(activities) as median_activities
    from per_user
    group by month_number
)
select (date_trunc('month', timestamp '2024-12-31 17:00' + interval 7 hours) + to_months(number::integer))::date as month, median_activities
from range(date_diff('month', timestamp '2024-12-31 17:00' + interval 7 hours, timestamp '2025-12-31 17:00' + interval 7 hours - interval 1 microsecond) + 1) as months(number) left join medians on month_number = number
order by month
