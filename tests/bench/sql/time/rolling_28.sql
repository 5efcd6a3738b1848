-- Linear: a window covers any two active days less than 28 days apart, so within a block of 28 days only a user's first and last
-- active day matter: from the first the user counts, until 28 days after the last, or until the first of the next block if that
-- is sooner. +1 and -1 by day, and their running sum. The wider the window, the fewer the blocks. Right for any period.
-- Bangkok is seven hours ahead of UTC all year, so no zones are converted.
with visits as (
    select user_id, ((epoch_us(occurred_at) - epoch_us(timestamp '2024-12-31 17:00' - interval 27 days)) // 86400000000)::usmallint as day_number
    from activity_log
    where occurred_at >= timestamp '2024-12-31 17:00' - interval 27 days and occurred_at < timestamp '2025-12-31 17:00'
),
blocks as materialized (
    select user_id, day_number // 28 as block, min(day_number)::integer as first_day, max(day_number)::integer + 28 as until
    from visits
    group by user_id, block
),
changes as (
    select first_day as day_number, count(user_id) as change
    from blocks
    group by all
    union all
    select least(blocks.until, following.first_day), -count(blocks.user_id)
    from blocks left join blocks as following on following.user_id = blocks.user_id and following.block = blocks.block + 1
    group by all
),
running as (
    select day_number, sum(sum(change)) over (order by day_number) as users
    from changes
    group by day_number
)
select (timestamp '2024-12-31 17:00' + interval 7 hours)::date + number::integer as day, coalesce(users, 0)::bigint as active_users_28_days
from range(date_diff('day', timestamp '2024-12-31 17:00' + interval 7 hours, timestamp '2025-12-31 17:00' + interval 7 hours)) as days(number) asof left join running on number + 27 >= day_number
order by day
