-- metrics: [active_users, activities, new_users]
-- by: [classification, province]
-- where: "signup_channel in ('search', 'social')"
-- period: 2026-Q3
with chosen as (select * from users where signup_channel = 'search' or signup_channel = 'social'),
active as (
    select classification, province, count(distinct user_id) as active_users, count(*) as activities
    from activity_log
    join chosen using (user_id)
    where occurred_at >= timestamp '2026-06-30 17:00:00' and occurred_at < timestamp '2026-09-30 17:00:00'
    group by all
),
registered as (
    select classification, province, count(*) as new_users
    from chosen
    where registered_at >= timestamp '2026-06-30 17:00:00' and registered_at < timestamp '2026-09-30 17:00:00'
    group by all
)
select classification, province, coalesce(active_users, 0), coalesce(activities, 0), coalesce(new_users, 0)
from active
full join registered using (classification, province)
order by list_position(['standard', 'premium', 'business', 'staff'], classification), province
