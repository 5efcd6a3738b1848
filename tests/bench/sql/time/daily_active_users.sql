-- One group per user and month, with a bit for each day: the bits add up to the days' users, and the groups are the month's users.
-- Days without activity count, from the first of the data on. Bangkok is seven hours ahead of UTC all year, so no zones are converted. Right for any period.
with active as (
    select
        user_id,
        (year(make_timestamp(epoch_us(occurred_at) + 25200000000)) * 12 + month(make_timestamp(epoch_us(occurred_at) + 25200000000)) - year(timestamp '2024-12-31 17:00' + interval 7 hours) * 12 - month(timestamp '2024-12-31 17:00' + interval 7 hours))::usmallint as month_number,
        bit_or(1::uinteger << day(make_timestamp(epoch_us(occurred_at) + 25200000000))::uinteger) as days
    from activity_log
    where user_id is not null and occurred_at >= timestamp '2024-12-31 17:00' and occurred_at < timestamp '2025-12-31 17:00'
    group by user_id, month_number
),
counted as (
    select month_number, sum(bit_count(days)) as users_of_days, count(*) as users
    from active
    group by month_number
),
beginning as (
    select (min(occurred_at) + interval 7 hours)::date as first_day
    from activity_log
    where not exists (from activity_log where occurred_at < timestamp '2024-12-31 17:00')
),
spine as (
    select
        number,
        (date_trunc('month', timestamp '2024-12-31 17:00' + interval 7 hours) + to_months(number::integer))::date as month,
        date_diff(
            'day',
            greatest(month, (timestamp '2024-12-31 17:00' + interval 7 hours)::date, first_day),
            least((month + interval 1 month)::date, (timestamp '2025-12-31 17:00' + interval 7 hours)::date)
        ) as days
    from range(date_diff('month', timestamp '2024-12-31 17:00' + interval 7 hours, timestamp '2025-12-31 17:00' + interval 7 hours - interval 1 microsecond) + 1) as months(number) cross join beginning
)
select
    month,
    case when days > 0 then coalesce(users_of_days, 0) / days end as daily_active_users,
    daily_active_users / nullif(coalesce(users, 0), 0) as stickiness
from spine left join counted on month_number = number
order by month
