-- Fast because users are looked up once for each active user, not for each activity: a user's first and last activity tell the
-- first and the last age group in which the user was active. Only users who aged eight years or more between them can have been
-- active in a further group, and only their activities are read again; if there are none, that costs nothing.
-- The counts by single years of age are few, and only they are put into age groups. A user active in several groups counts in
-- each, and once in the total. Bangkok is seven hours ahead of UTC all year, so no zones are converted.
with active as (
    select user_id, min(occurred_at) + interval 7 hours as first_at, max(occurred_at) + interval 7 hours as last_at
    from activity_log
    where occurred_at >= timestamp '2026-06-30 17:00' and occurred_at < timestamp '2026-09-30 17:00'
    group by user_id
),
people as (
    select user_id, gender, birth_date, first_at, last_at, (user_id is not null)::integer as active, 0 as new
    from active left join users using (user_id)
    union all
    select null, gender, birth_date, registered_at + interval 7 hours, null, 0, 1
    from users
    where registered_at >= timestamp '2026-06-30 17:00' and registered_at < timestamp '2026-09-30 17:00'
),
born as (
    select *, year(birth_date) as birth_year, month(birth_date) * 100 + day(birth_date) as birthday
    from people
),
aged as materialized (
    select
        user_id,
        gender,
        year(first_at) - birth_year - (month(first_at) * 100 + day(first_at) < birthday)::integer as age,
        year(last_at) - birth_year - (month(last_at) * 100 + day(last_at) < birthday)::integer as last_age,
        active,
        new
    from born
),
by_age as (
    select gender, age, last_age, sum(active) as active, sum(new) as new
    from aged
    group by all
),
between as (
    select
        spanning.user_id,
        spanning.gender,
        first_age,
        last_age,
        occurred_at + interval 7 hours as happened_at,
        year(happened_at) - year(birth_date)
            - (month(happened_at) * 100 + day(happened_at) < month(birth_date) * 100 + day(birth_date))::integer as age
    from activity_log
    join (select user_id, gender, age as first_age, last_age from aged where last_age - age > 7) as spanning using (user_id)
    join users using (user_id)
    where occurred_at >= timestamp '2026-06-30 17:00' and occurred_at < timestamp '2026-09-30 17:00'
),
counted as (
    select gender, age, active, active as users, new
    from by_age
    union all
    select gender, last_age, active, 0, 0
    from by_age
    where last_age > age and (age < 18 and last_age >= 18 or age < 25 and last_age >= 25 or age < 35 and last_age >= 35
        or age < 45 and last_age >= 45 or age < 55 and last_age >= 55)
    union all
    select gender, low, count(distinct user_id), 0, 0
    from between join (values (18, 25), (25, 35), (35, 45), (45, 55)) as middle(low, high)
        on first_age < low and age >= low and age < high and last_age >= high
    group by gender, low
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
