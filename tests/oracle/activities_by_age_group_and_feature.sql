-- metrics: [active_users, activities, activities_per_active_user]
-- by: [age_group, feature]
-- where: gender is null and activity_type <> 'sign_up'
with aged as (
    select
        activity_log.user_id, feature,
        date_diff('year', birth_date, occurred_at + interval 7 hours)
            - case when make_date(2000, month(birth_date), day(birth_date))
                      > make_date(2000, month(occurred_at + interval 7 hours), day(occurred_at + interval 7 hours))
                   then 1 else 0 end as age
    from activity_log
    left join users on users.user_id = activity_log.user_id
    where gender is null and activity_type != 'sign_up'
)
select
    case when age < 18 then '0-17' when age < 25 then '18-24' when age < 35 then '25-34'
         when age < 45 then '35-44' when age < 55 then '45-54' when age >= 55 then '55+' end as age_group,
    feature,
    count(distinct user_id) as active_users,
    count(*) as activities,
    case when active_users > 0 then activities / active_users end
from aged
group by 1, 2
order by 1 nulls last, 2
