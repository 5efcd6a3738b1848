-- metrics: [points_opening_balance, points_balance, points_earned_month_to_date]
-- by: [week]
-- period: 2025-W01..2025-W30
with booked as (select (occurred_at + interval 7 hours)::date as day, entry_type, points from points_ledger),
weeks as (
    select day::date as week, day::date + 6 as last_day
    from generate_series(date '2024-12-30', date '2025-07-21', interval 7 days) as series(day)
)
select
    week,
    (select sum(points) from booked where day < week),
    (select sum(points) from booked where day <= last_day),
    (select coalesce(sum(points), 0) from booked
     where entry_type = 'earn' and day >= date_trunc('month', last_day) and day <= last_day)
from weeks
order by week
