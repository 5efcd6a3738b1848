-- metrics: [activities, active_users]
-- by: [hour]
-- period: 2024-02-29
select hour, count(activity_id), count(distinct user_id)
from generate_series(timestamp '2024-02-28 17:00:00', timestamp '2024-02-29 16:00:00', interval 1 hour) as hours(hour)
left join activity_log on occurred_at >= hour and occurred_at < hour + interval 1 hour
group by hour
order by hour
