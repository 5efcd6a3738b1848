-- One scan from the month before: users by month as a number, with their last activity where the period begins within a month, which
-- is shown cut but compared with whole. A month is compared unless it ends before the data begin. Right for any period.
-- Bangkok is seven hours ahead of UTC all year, so no zones are converted.
with touched as (
    select
        user_id,
        (year(make_timestamp(epoch_us(occurred_at) + 25200000000)) * 12 + month(make_timestamp(epoch_us(occurred_at) + 25200000000)))::usmallint as month_number,
        case
            when timestamp '2024-12-31 17:00' + interval 7 hours = date_trunc('month', timestamp '2024-12-31 17:00' + interval 7 hours) then timestamp 'infinity'
            else max(occurred_at)
        end as last_at
    from activity_log
    where occurred_at >= date_trunc('month', timestamp '2024-12-31 17:00' + interval 7 hours) - interval 1 month - interval 7 hours and occurred_at < timestamp '2025-12-31 17:00'
    group by user_id, month_number
),
counted as (
    select month_number, count(user_id) as users, count(user_id) filter (last_at >= timestamp '2024-12-31 17:00') as shown
    from touched
    group by month_number
),
spine as (
    select number, (date_trunc('month', timestamp '2024-12-31 17:00' + interval 7 hours) + to_months(number::integer - 1))::date as month
    from range(date_diff('month', timestamp '2024-12-31 17:00' + interval 7 hours, timestamp '2025-12-31 17:00' + interval 7 hours - interval 1 microsecond) + 2) as months(number)
),
compared as (
    select
        number,
        month,
        coalesce(shown, 0) as active_users,
        case
            when exists (from activity_log
                where occurred_at < date_trunc('month', timestamp '2024-12-31 17:00' + interval 7 hours) - interval 1 month - interval 7 hours)
                or count(users) over (order by number rows between unbounded preceding and 1 preceding) > 0
            then coalesce(lag(users) over (order by number), 0)
        end as before
    from spine left join counted on month_number = year(month) * 12 + month(month)
)
select month, active_users, before as active_users_before, (active_users - before) / nullif(before, 0) as active_users_change
from compared
where number > 0
order by month
