-- One group per user and month, with a bit for each segment in which the user was active (31 at most; bit 0 is none). Few sets of
-- bits occur in a month: they are counted, added up to the month's users, and taken apart. A user has few stays in segments: a hash
-- join that compares bounds is cheaper than the sorting of an as-of join. Bangkok is seven hours ahead of UTC all year, so no zones are converted. Right for any period.
with names as materialized (
    select list(segment) as known from (select distinct segment from user_segments)
),
stays as (
    select
        user_id,
        list_position((select known from names), segment)::uinteger as code,
        valid_from,
        coalesce(valid_to, timestamp 'infinity') as valid_to
    from user_segments
    where valid_from < timestamp '2025-12-31 17:00' and (valid_to is null or valid_to > timestamp '2024-12-31 17:00')
),
active as (
    select
        activity_log.user_id,
        (year(make_timestamp(epoch_us(occurred_at) + 25200000000)) * 12 + month(make_timestamp(epoch_us(occurred_at) + 25200000000)) - year(timestamp '2024-12-31 17:00' + interval 7 hours) * 12 - month(timestamp '2024-12-31 17:00' + interval 7 hours))::usmallint as month_number,
        bit_or(1::uinteger << coalesce(code, 0)) as segments
    from activity_log
    left join stays on stays.user_id = activity_log.user_id and occurred_at >= valid_from and occurred_at < valid_to
    where occurred_at >= timestamp '2024-12-31 17:00' and occurred_at < timestamp '2025-12-31 17:00'
    group by all
),
sets as (
    select month_number, segments, count(user_id) as users
    from active
    group by all
),
months as (
    select month_number, sum(users) as users
    from sets
    group by month_number
),
parts as (
    select month_number, (select known from names)[code] as segment, sum(users) as users
    from sets, range(32) as codes(code)
    where segments & (1 << code) <> 0
    group by all
),
seen as (
    select distinct segment from parts
)
select
    (date_trunc('month', timestamp '2024-12-31 17:00' + interval 7 hours) + to_months(numbers.number::integer))::date as month,
    seen.segment,
    coalesce(parts.users, 0) / nullif(months.users, 0) as share_of_active
from range(date_diff('month', timestamp '2024-12-31 17:00' + interval 7 hours, timestamp '2025-12-31 17:00' + interval 7 hours - interval 1 microsecond) + 1) as numbers(number)
cross join seen
left join months on months.month_number = numbers.number
left join parts on parts.month_number = numbers.number and parts.segment is not distinct from seen.segment
order by
    month,
    case seen.segment when 'new' then 0 when 'occasional' then 1 when 'regular' then 2 when 'champion' then 3 when 'dormant' then 4 end,
    seen.segment nulls last
