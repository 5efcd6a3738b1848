-- One scan, because a balance needs every booking: those before the period are one group, the others groups by month, then a running
-- sum. Bangkok is seven hours ahead of UTC all year, so no zones are converted. Right for any period.
with booked as (
    select
        case when occurred_at < timestamp '2024-12-31 17:00' then 0 else (year(make_timestamp(epoch_us(occurred_at) + 25200000000)) * 12 + month(make_timestamp(epoch_us(occurred_at) + 25200000000)) - year(timestamp '2024-12-31 17:00' + interval 7 hours) * 12 - month(timestamp '2024-12-31 17:00' + interval 7 hours)) end as month_number,
        sum(points) as points
    from points_ledger
    where occurred_at < timestamp '2025-12-31 17:00'
    group by month_number
)
select (date_trunc('month', timestamp '2024-12-31 17:00' + interval 7 hours) + to_months(number::integer))::date as month, sum(points) over (order by number) as points_balance
from range(date_diff('month', timestamp '2024-12-31 17:00' + interval 7 hours, timestamp '2025-12-31 17:00' + interval 7 hours - interval 1 microsecond) + 1) as months(number) left join booked on month_number = number
order by month
