select
    cast(date_trunc('week', timezone('Asia/Bangkok', timezone('UTC', occurred_at))) as date) as week,
    count(distinct user_id) as active_users,
    count(*) as activities,
    count(*) / nullif(count(distinct user_id), 0) as activities_per_active_user
from activity_log
where occurred_at >= timestamp '2025-12-31 17:00' and occurred_at < timestamp '2026-12-31 17:00'
group by week
order by week
