-- metrics: [new_users, active_users, activities, unknown_user_activities, late_activities,
--   points_earned, points_redeemed, redeeming_users, exposed_users, segment_entries, campaigns_started]
-- period: 2025
with actions as (
    select * from activity_log
    where occurred_at >= timestamp '2024-12-31 17:00:00' and occurred_at < timestamp '2025-12-31 17:00:00'
),
bookings as (
    select * from points_ledger
    where occurred_at >= timestamp '2024-12-31 17:00:00' and occurred_at < timestamp '2025-12-31 17:00:00'
)
select
    (select count(*) from users
     where registered_at >= timestamp '2024-12-31 17:00:00' and registered_at < timestamp '2025-12-31 17:00:00'),
    (select count(distinct user_id) from actions),
    (select count(*) from actions),
    (select count(*) from actions anti join users on users.user_id = actions.user_id),
    (select count(*) from actions
     where date_trunc('day', loaded_at + interval 7 hours) > date_trunc('day', occurred_at + interval 7 hours)),
    (select sum(points) from bookings where entry_type = 'earn'),
    (select -sum(points) from bookings where entry_type = 'redeem'),
    (select count(distinct user_id) from bookings where entry_type = 'redeem'),
    (select count(distinct user_id) from campaign_exposures
     where exposure_group = 'treatment'
       and assigned_at >= timestamp '2024-12-31 17:00:00' and assigned_at < timestamp '2025-12-31 17:00:00'),
    (select count(*) from user_segments
     where valid_from >= timestamp '2024-12-31 17:00:00' and valid_from < timestamp '2025-12-31 17:00:00'),
    (select count(*) from campaigns where starts_on between date '2025-01-01' and date '2025-12-31')
