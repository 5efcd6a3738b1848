-- metrics: [activities, active_users]
-- by: [campaign, feature]
-- period: 2024-11
select campaign_name, feature, count(*), count(distinct user_id)
from activity_log
left join campaigns on campaigns.campaign_id = activity_log.campaign_id
where occurred_at >= timestamp '2024-10-31 17:00:00' and occurred_at < timestamp '2024-11-30 17:00:00'
group by 1, 2
order by 1 nulls last, 2 nulls last
