-- One scan of the period and the 52 weeks before it, by week as a small number; each week is joined with the one 52 before. The
-- first week is shown cut where the period begins within it, but compared with whole. Right for any period. Where the data begin is
-- looked for only if they do not begin before. Bangkok is seven hours ahead of UTC all year, so no zones are converted.
with weeks as (
    select
        ((epoch_us(occurred_at) - epoch_us(date_trunc('week', timestamp '2024-12-29 17:00' + interval 7 hours) - interval 364 days - interval 7 hours))
            // 604800000000)::usmallint as week_number,
        sum(points) as points,
        sum(case when occurred_at >= timestamp '2024-12-29 17:00' then points end) as shown
    from points_ledger
    where entry_type = 'earn'
        and occurred_at >= date_trunc('week', timestamp '2024-12-29 17:00' + interval 7 hours) - interval 364 days - interval 7 hours
        and occurred_at < timestamp '2025-12-28 17:00'
    group by week_number
),
beginning as (
    select min(occurred_at) + interval 7 hours as first_at
    from points_ledger
    where not exists (from points_ledger
        where occurred_at < date_trunc('week', timestamp '2024-12-29 17:00' + interval 7 hours) - interval 364 days - interval 7 hours)
),
spine as (
    select number, date_trunc('week', timestamp '2024-12-29 17:00' + interval 7 hours)::date + number::integer * 7 as week
    from range(date_diff('week', timestamp '2024-12-29 17:00' + interval 7 hours, timestamp '2025-12-28 17:00' + interval 7 hours - interval 1 microsecond) + 1) as weeks(number)
),
compared as (
    select
        week,
        coalesce(weeks.shown, 0)::bigint as points_earned,
        case when first_at is null or first_at < week - 357 then coalesce(earlier.points, 0)::bigint end as before
    from spine
    cross join beginning
    left join weeks on weeks.week_number = number + 52
    left join weeks as earlier on earlier.week_number = number
)
select week, points_earned, before as points_earned_before, (points_earned - before) / nullif(before, 0) as points_earned_change
from compared
order by week
