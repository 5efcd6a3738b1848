-- Fast because users are looked up once for each active user, not for each activity. A quarter holds one birthday at most,
-- so a user's first and last activity in it tell all ages at which the user was active. The counts by single years of age are
-- few, and only they are put into age groups. A user who grew into the next group counts in both, and once in the total.
-- Bangkok is seven hours ahead of UTC all year, so no zones are converted.
with active as (
    select user_id, min(occurred_at) + interval 7 hours as first_at, max(occurred_at) + interval 7 hours as last_at
    from activity_log
    where occurred_at >= timestamp '2026-06-30 17:00' and occurred_at < timestamp '2026-09-30 17:00'
    group by user_id
),
people as (
    select gender, birth_date, first_at, last_at, (user_id is not null)::integer as active, 0 as new
    from active left join users using (user_id)
    union all
    select gender, birth_date, registered_at + interval 7 hours, null, 0, 1
    from users
    where registered_at >= timestamp '2026-06-30 17:00' and registered_at < timestamp '2026-09-30 17:00'
),
born as (
    select *, year(birth_date) as birth_year, month(birth_date) * 100 + day(birth_date) as birthday
    from people
),
by_age as (
    select
        gender,
        year(first_at) - birth_year - (month(first_at) * 100 + day(first_at) < birthday)::integer as age,
        year(last_at) - birth_year - (month(last_at) * 100 + day(last_at) < birthday)::integer as last_age,
        sum(active) as active,
        sum(new) as new
    from born
    group by all
),
counted as (
    select gender, age, active, active as users, new
    from by_age
    union all
    select gender, last_age, active, 0, 0
    from by_age
    where last_age > age and last_age in (18, 25, 35, 45, 55)
),
grouped as (
    select
        *,
        case
            when age < 18 then '0-17' when age < 25 then '18-24' when age < 35 then '25-34'
            when age < 45 then '35-44' when age < 55 then '45-54' when age >= 55 then '55+'
        end as age_group
    from counted
)
select
    gender,
    age_group,
    coalesce(case when grouping(gender) = 1 then sum(users) else sum(active) end, 0)::bigint as active_users,
    coalesce(sum(new), 0)::bigint as new_users,
    sum(new) / nullif(case when grouping(gender) = 1 then sum(users) else sum(active) end, 0) as new_user_share,
    grouping(gender) = 1 as is_total
from grouped
group by grouping sets ((gender, age_group), ())
order by is_total, gender nulls last, age_group nulls last
