-- metrics: [points_earned, points_redeemed, points_expired, points_adjusted,
--   points_net_change, redemption_rate, redeeming_users]
-- by: [month]
-- period: 2024..2025
with months as (
    select month::date as month
    from generate_series(date '2024-01-01', date '2025-12-01', interval 1 month) as series(month)
),
booked as (
    select date_trunc('month', occurred_at + interval 7 hours)::date as month, entry_type, user_id, points
    from points_ledger
)
select
    month,
    coalesce(sum(case when entry_type = 'earn' then points end), 0) as earned,
    coalesce(sum(case when entry_type = 'redeem' then -points end), 0) as redeemed,
    coalesce(sum(case when entry_type = 'expire' then -points end), 0) as expired,
    coalesce(sum(case when entry_type = 'adjust' then points end), 0) as adjusted,
    coalesce(sum(points), 0) as net_change,
    case when earned > 0 then redeemed / earned end as redemption_rate,
    count(distinct case when entry_type = 'redeem' then user_id end) as redeeming_users
from months
left join booked using (month)
group by month
order by month
