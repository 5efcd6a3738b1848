with acts as (
    select
        cast(date_trunc('month', timezone('Asia/Bangkok', timezone('UTC', occurred_at))) as date) as month,
        case when valid_to is null or occurred_at < valid_to then segment end as segment,
        count(distinct activity_log.user_id) as active_users
    from activity_log
    asof left join user_segments on user_segments.user_id = activity_log.user_id and occurred_at >= valid_from
    where occurred_at >= timestamp '2024-12-31 17:00' and occurred_at < timestamp '2025-12-31 17:00'
    group by all
),
bookings as (
    select
        cast(date_trunc('month', timezone('Asia/Bangkok', timezone('UTC', occurred_at))) as date) as month,
        case when valid_to is null or occurred_at < valid_to then segment end as segment,
        coalesce(sum(points) filter (entry_type = 'earn'), 0) as points_earned,
        coalesce(sum(-points) filter (entry_type = 'redeem'), 0) as points_redeemed
    from points_ledger
    asof left join user_segments on user_segments.user_id = points_ledger.user_id and occurred_at >= valid_from
    where occurred_at >= timestamp '2024-12-31 17:00' and occurred_at < timestamp '2025-12-31 17:00'
        and entry_type in ('earn', 'redeem')
    group by all
)
select
    coalesce(acts.month, bookings.month) as month,
    coalesce(acts.segment, bookings.segment) as segment,
    coalesce(active_users, 0) as active_users,
    coalesce(points_earned, 0) as points_earned,
    coalesce(points_redeemed, 0) / nullif(coalesce(points_earned, 0), 0) as redemption_rate
from acts
full join bookings
    on acts.month = bookings.month and acts.segment is not distinct from bookings.segment
order by 1, 2 nulls last
