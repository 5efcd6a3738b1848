-- metrics: [new_users, active_users, activities, activities_per_active_user, new_user_share]
-- by: [month, gender]
-- fill: false
with registered as (
    select date_trunc('month', registered_at + interval 7 hours)::date as month, gender, count(*) as new_users
    from users
    group by all
),
active as (
    select
        date_trunc('month', occurred_at + interval 7 hours)::date as month,
        gender,
        count(distinct activity_log.user_id) as active_users,
        count(*) as activities
    from activity_log
    left join users on users.user_id = activity_log.user_id
    group by all
)
select
    coalesce(registered.month, active.month) as month,
    coalesce(registered.gender, active.gender) as gender,
    coalesce(new_users, 0) as new_users,
    coalesce(active_users, 0) as active_users,
    coalesce(activities, 0) as activities,
    activities / active_users as activities_per_active_user,
    case when active_users > 0 then coalesce(new_users, 0) / active_users end as new_user_share
from registered
full join active on active.month = registered.month and active.gender is not distinct from registered.gender
order by month, gender nulls last
