-- Fast because a user has few stays in segments: a hash join by user that compares the bounds of the stays is cheaper than the
-- sorting of an as-of join. Only stays that touch the period are kept, and at most one is valid at any time, so no row doubles.
-- Active users are made distinct by segment and month as a small number, and then only counted.
-- Bangkok is seven hours ahead of UTC all year, so no zones are converted. Right for any period: months are counted from its first.
with stays as (
    select user_id, segment, valid_from, coalesce(valid_to, timestamp 'infinity') as valid_to
    from user_segments
    where valid_from < timestamp '2025-12-31 17:00' and (valid_to is null or valid_to > timestamp '2024-12-31 17:00')
),
active as (
    select distinct
        activity_log.user_id,
        segment,
        date_diff('month', timestamp '2024-12-31 17:00' + interval 7 hours, occurred_at + interval 7 hours)::usmallint
            as month_number
    from activity_log
    left join stays
        on stays.user_id = activity_log.user_id and occurred_at >= valid_from and occurred_at < valid_to
    where occurred_at >= timestamp '2024-12-31 17:00' and occurred_at < timestamp '2025-12-31 17:00'
),
parts as (
    select month_number, segment, count(user_id) as users, 0 as earned, 0 as redeemed
    from active
    group by all
    union all
    select
        date_diff('month', timestamp '2024-12-31 17:00' + interval 7 hours, occurred_at + interval 7 hours)::usmallint
            as month_number,
        segment,
        0,
        sum(points) filter (entry_type = 'earn'),
        sum(-points) filter (entry_type = 'redeem')
    from points_ledger
    left join stays
        on stays.user_id = points_ledger.user_id and occurred_at >= valid_from and occurred_at < valid_to
    where occurred_at >= timestamp '2024-12-31 17:00' and occurred_at < timestamp '2025-12-31 17:00'
        and entry_type in ('earn', 'redeem')
    group by all
)
select
    (date_trunc('month', timestamp '2024-12-31 17:00' + interval 7 hours) + to_months(month_number::integer))::date as month,
    segment,
    sum(users)::bigint as active_users,
    coalesce(sum(earned), 0) as points_earned,
    coalesce(sum(redeemed), 0) / nullif(coalesce(sum(earned), 0), 0) as redemption_rate
from parts
group by month_number, segment
order by month_number, case segment when 'new' then 0 when 'occasional' then 1 when 'regular' then 2 when 'champion' then 3 when 'dormant' then 4 end, segment nulls last
