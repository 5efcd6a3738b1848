-- metrics: [new_users_to_date, new_users]
-- by: [month, gender]
-- period: 2023
with registered as (select (registered_at + interval 7 hours)::date as day, gender from users),
months as (
    select day::date as month, (day + interval 1 month)::date as next
    from generate_series(date '2023-01-01', date '2023-12-01', interval 1 month) as series(day)
)
select
    month, gender,
    count(*) filter (day < next),
    count(*) filter (day >= month and day < next)
from months
cross join registered
group by month, next, gender
order by month, gender nulls last
