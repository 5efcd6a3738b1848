-- metrics: [points_opening_balance, points_balance]
-- by: [quarter, gender]
-- period: 2024..2025
with booked as (
    select (occurred_at + interval 7 hours)::date as day, gender, points
    from points_ledger
    left join users on users.user_id = points_ledger.user_id
),
quarters as (
    select day::date as quarter, (day + interval 3 months)::date as next
    from generate_series(date '2024-01-01', date '2025-10-01', interval 3 months) as series(day)
)
select
    quarter, gender,
    sum(points) filter (day < quarter),
    coalesce(sum(points) filter (day < next), 0)
from quarters
cross join booked
group by quarter, next, gender
order by quarter, gender nulls last
