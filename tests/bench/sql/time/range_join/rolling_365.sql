-- What most people write: each day is joined with all active days of its window, so its cost grows with the window.
with active as (
    select distinct user_id, (occurred_at + interval 7 hours)::date as active_on
    from activity_log
    where occurred_at >= timestamp '2024-12-31 17:00' - interval 364 days and occurred_at < timestamp '2025-12-31 17:00'
),
shown as (
    select (timestamp '2024-12-31 17:00' + interval 7 hours)::date + number::integer as day
    from range(date_diff('day', timestamp '2024-12-31 17:00' + interval 7 hours, timestamp '2025-12-31 17:00' + interval 7 hours)) as days(number)
)
select day, count(distinct user_id) as active_users_365_days
from shown left join active on active_on > day - 365 and active_on <= day
group by day
order by day
