-- Counts add up: they are made by day and gender, both as small numbers (users without a gender, and none, are 0), then added over
-- seven days. Right for any period. Bangkok is seven hours ahead of UTC all year, so no zones are converted.
with names as materialized (
    select list(gender) as known from (select distinct gender from users where gender is not null)
),
coded as (
    select user_id, list_position((select known from names), gender)::utinyint as code
    from users
),
counted as (
    select
        coalesce(code, 0) as code,
        ((epoch_us(occurred_at) - epoch_us(timestamp '2024-12-31 17:00' - interval 6 days)) // 86400000000)::usmallint as day_number,
        count(*) as activities
    from activity_log left join coded using (user_id)
    where occurred_at >= timestamp '2024-12-31 17:00' - interval 6 days and occurred_at < timestamp '2025-12-31 17:00'
    group by all
),
spine as (
    select codes.code, number, activities
    from (select distinct code from counted) as codes
    cross join range(date_diff('day', timestamp '2024-12-31 17:00' + interval 7 hours, timestamp '2025-12-31 17:00' + interval 7 hours) + 6) as days(number)
    left join counted on counted.code = codes.code and day_number = number
),
running as (
    select
        (timestamp '2024-12-31 17:00' + interval 7 hours)::date + number::integer - 6 as day,
        (select known from names)[code] as gender,
        coalesce(sum(activities) over (partition by code order by number rows between 6 preceding and current row), 0)::bigint
            as activities_7_days
    from spine
)
select day, gender, activities_7_days
from running
where day >= (timestamp '2024-12-31 17:00' + interval 7 hours)::date
order by day, gender nulls last
