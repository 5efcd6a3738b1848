-- metrics: [points_opening_balance, points_net_change, points_booked, points_balance, points_earned_month_to_date]
-- by: [month]
-- period: 2023..2026-10
with booked as (
    select date_trunc('month', occurred_at + interval 7 hours)::date as month, entry_type, points from points_ledger
),
months as (
    select month::date as month
    from generate_series(date '2023-01-01', date '2026-10-01', interval 1 month) as series(month)
)
select
    month,
    (select sum(points) from booked where booked.month < months.month),
    (select coalesce(sum(points), 0) from booked
     where booked.month = months.month and entry_type in ('earn', 'redeem', 'expire', 'adjust')),
    (select coalesce(sum(points), 0) from booked where booked.month = months.month),
    (select sum(points) from booked where booked.month <= months.month),
    (select coalesce(sum(points), 0) from booked where booked.month = months.month and entry_type = 'earn')
from months
order by month
