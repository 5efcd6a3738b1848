-- One scan from the beginning of the first day's month: sums by day as a small number, then running sums within each month.
-- Bangkok is seven hours ahead of UTC all year, so no zones are converted. Right for any period.
with earned as (
    select
        ((epoch_us(occurred_at) - epoch_us(date_trunc('month', timestamp '2024-12-31 17:00' + interval 7 hours) - interval 7 hours)) // 86400000000)::integer
            as day_number,
        sum(points) as points
    from points_ledger
    where entry_type = 'earn'
        and occurred_at >= date_trunc('month', timestamp '2024-12-31 17:00' + interval 7 hours) - interval 7 hours and occurred_at < timestamp '2025-12-31 17:00'
    group by day_number
),
spine as (
    select date_trunc('month', timestamp '2024-12-31 17:00' + interval 7 hours)::date + number::integer as day, points
    from range(date_diff('day', date_trunc('month', timestamp '2024-12-31 17:00' + interval 7 hours), timestamp '2025-12-31 17:00' + interval 7 hours)) as days(number)
    left join earned on day_number = number
),
running as (
    select day, coalesce(sum(points) over (partition by date_trunc('month', day) order by day), 0)::bigint as points_month_to_date
    from spine
)
select day, points_month_to_date
from running
where day >= (timestamp '2024-12-31 17:00' + interval 7 hours)::date
order by day
