-- Those registered before the period are only counted; the others are counted by day, and added up. Right for any period.
-- Bangkok is seven hours ahead of UTC all year, so no zones are converted.
with registered as (
    select ((epoch_us(registered_at) - epoch_us(timestamp '2024-12-31 17:00')) // 86400000000)::integer as day_number, count(*) as users
    from users
    where registered_at >= timestamp '2024-12-31 17:00' and registered_at < timestamp '2025-12-31 17:00'
    group by day_number
)
select
    (timestamp '2024-12-31 17:00' + interval 7 hours)::date + number::integer as day,
    (select count(*) from users where registered_at < timestamp '2024-12-31 17:00') + coalesce(sum(users) over (order by number), 0)::bigint as users_to_now
from range(date_diff('day', timestamp '2024-12-31 17:00' + interval 7 hours, timestamp '2025-12-31 17:00' + interval 7 hours)) as days(number) left join registered on day_number = number
order by day
