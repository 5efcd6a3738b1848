-- metrics: [active_users, new_users, activities]
-- by: [year]
-- totals: true
select
    date_trunc('year', day)::date as year,
    count(distinct case when event = 'activity' then user_id end) as active_users,
    count(distinct case when event = 'registration' then user_id end) as new_users,
    count(case when event = 'activity' then 1 end) as activities,
    grouping(date_trunc('year', day)::date) = 1 as is_total
from (
    select 'activity' as event, user_id, (occurred_at + interval 7 hours)::date as day from activity_log
    union all
    select 'registration', user_id, (registered_at + interval 7 hours)::date from users
)
group by rollup (date_trunc('year', day)::date)
order by is_total, year
