-- metrics: [new_users, active_users, new_user_share]
-- by: [quarter, age_group]
-- fill: false
with events as (
    select
        'registration' as event, users.user_id, birth_date, registered_at + interval 7 hours as local_time
    from users
    union all
    select 'activity', activity_log.user_id, birth_date, occurred_at + interval 7 hours
    from activity_log
    left join users on users.user_id = activity_log.user_id
),
aged as (
    select
        event, user_id, date_trunc('quarter', local_time)::date as quarter,
        year(local_time) - year(birth_date)
            - case when strftime(local_time, '%m%d') < strftime(birth_date, '%m%d') then 1 else 0 end as age
    from events
),
counted as (
    select
        quarter,
        case when age < 18 then '0-17' when age < 25 then '18-24' when age < 35 then '25-34'
             when age < 45 then '35-44' when age < 55 then '45-54' when age >= 55 then '55+' end as age_group,
        sum(case when event = 'registration' then 1 else 0 end) as new_users,
        count(distinct case when event = 'activity' then user_id end) as active_users
    from aged
    group by all
)
select quarter, age_group, new_users, active_users, case when active_users > 0 then new_users / active_users end
from counted
order by quarter, age_group nulls last
