-- One scan from three weeks before: counts by week as a small number, then a mean over four rows. Weeks that end before the data begin
-- are left out; the first week is shown cut where the period begins within it, and whole in the means of later ones. Bangkok is seven hours ahead of UTC all year, so no zones are converted.
-- Right for any period.
with weeks as (
    select
        ((epoch_us(occurred_at) - epoch_us(date_trunc('week', timestamp '2024-12-29 17:00' + interval 7 hours) - interval 21 days - interval 7 hours))
            // 604800000000)::usmallint as week_number,
        count(*) as activities,
        count(*) filter (occurred_at >= timestamp '2024-12-29 17:00') as shown
    from activity_log
    where occurred_at >= date_trunc('week', timestamp '2024-12-29 17:00' + interval 7 hours) - interval 21 days - interval 7 hours and occurred_at < timestamp '2025-12-28 17:00'
    group by week_number
),
spine as (
    select
        number,
        coalesce(activities, 0) as activities,
        coalesce(shown, 0) as shown,
        exists (from activity_log
            where occurred_at < date_trunc('week', timestamp '2024-12-29 17:00' + interval 7 hours) - interval 21 days - interval 7 hours)
            or count(activities) over (order by number) > 0 as has_begun
    from range(date_diff('week', timestamp '2024-12-29 17:00' + interval 7 hours, timestamp '2025-12-28 17:00' + interval 7 hours - interval 1 microsecond) + 4) as weeks(number)
    left join weeks on week_number = number
),
averaged as (
    select
        date_trunc('week', timestamp '2024-12-29 17:00' + interval 7 hours)::date + (number::integer - 3) * 7 as week,
        number,
        case when has_begun then
            shown + coalesce(sum(activities) filter (has_begun) over (order by number rows between 3 preceding and 1 preceding), 0)
        end / count(*) filter (has_begun) over (order by number rows between 3 preceding and current row) as activities_4_weeks
    from spine
)
select week, activities_4_weeks
from averaged
where number >= 3
order by week
