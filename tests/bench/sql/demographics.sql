with local_users as (
    select user_id, gender, birth_date, timezone('Asia/Bangkok', timezone('UTC', registered_at)) as registered
    from users
),
people as (
    select user_id, 'active' as kind, gender, birth_date, timezone('Asia/Bangkok', timezone('UTC', occurred_at)) as happened
    from activity_log left join users using (user_id)
    where occurred_at >= timestamp '2026-06-30 17:00' and occurred_at < timestamp '2026-09-30 17:00'
    union all
    select user_id, 'new', gender, birth_date, registered
    from local_users
    where registered >= date '2026-07-01' and registered < date '2026-10-01'
),
aged as (
    select
        *,
        year(happened) - year(birth_date)
            - cast(month(happened) * 100 + day(happened) < month(birth_date) * 100 + day(birth_date) as integer) as age
    from people
),
grouped as (
    select
        *,
        case
            when age < 18 then '0-17' when age < 25 then '18-24' when age < 35 then '25-34'
            when age < 45 then '35-44' when age < 55 then '45-54' when age >= 55 then '55+'
        end as age_group
    from aged
)
select
    gender,
    age_group,
    count(distinct user_id) filter (kind = 'active') as active_users,
    count(*) filter (kind = 'new') as new_users,
    count(*) filter (kind = 'new') / nullif(count(distinct user_id) filter (kind = 'active'), 0) as new_user_share,
    grouping(gender) = 1 as is_total
from grouped
group by grouping sets ((gender, age_group), ())
order by is_total, gender nulls last, age_group nulls last
