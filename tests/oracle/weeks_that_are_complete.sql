-- metrics: [activities, new_users, points_earned]
-- by: [week]
-- period: last 13 weeks
-- is_complete: true
-- totals: true
with weeks as (
    select day::date as week from generate_series(date '2026-08-03', date '2026-10-26', interval 7 days) as days(day)
),
counted as (
    select
        week,
        (select count(*) from activity_log
         where occurred_at >= week - interval 7 hours and occurred_at < week + interval 7 days - interval 7 hours),
        (select count(*) from users
         where registered_at >= week - interval 7 hours and registered_at < week + interval 7 days - interval 7 hours),
        (select sum(points) from points_ledger
         where entry_type = 'earn' and occurred_at >= week - interval 7 hours
           and occurred_at < week + interval 7 days - interval 7 hours),
        -- 1 November 17:00 in UTC is when the last week ended, and 00:00 seven hours later as-of
        (select max(loaded_at) + interval 7 hours - interval 5 days from activity_log
         where loaded_at <= timestamp '2026-11-02 00:00') >= week + interval 7 days
        and exists (from users where registered_at <= timestamp '2026-11-02 00:00'
                    and registered_at >= week + interval 7 days - interval 7 hours)
        and exists (from points_ledger where occurred_at <= timestamp '2026-11-02 00:00'
                    and occurred_at >= week + interval 7 days - interval 7 hours)
    from weeks
)
select *, false from counted
union all
select
    null,
    (select count(*) from activity_log
     where occurred_at >= timestamp '2026-08-02 17:00' and occurred_at < timestamp '2026-11-01 17:00'),
    (select count(*) from users
     where registered_at >= timestamp '2026-08-02 17:00' and registered_at < timestamp '2026-11-01 17:00'),
    (select sum(points) from points_ledger
     where entry_type = 'earn' and occurred_at >= timestamp '2026-08-02 17:00' and occurred_at < timestamp '2026-11-01 17:00'),
    false, true
order by 6, 1
