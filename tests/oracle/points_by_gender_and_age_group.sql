-- metrics: [points_earned, points_redeemed, points_expired, points_adjusted, redemption_rate]
-- by: [gender, age_group]
-- period: 2026
-- totals: true
with booked as (
    select
        entry_type, points, gender,
        year(occurred_at + interval 7 hours) - year(birth_date)
            - case when strftime(occurred_at + interval 7 hours, '%m%d') < strftime(birth_date, '%m%d')
                   then 1 else 0 end as age
    from points_ledger
    left join users on users.user_id = points_ledger.user_id
    where occurred_at >= timestamp '2025-12-31 17:00:00' and occurred_at < timestamp '2026-12-31 17:00:00'
),
grouped as (
    select
        *,
        case when age < 18 then '0-17' when age < 25 then '18-24' when age < 35 then '25-34'
             when age < 45 then '35-44' when age < 55 then '45-54' when age >= 55 then '55+' end as age_group
    from booked
)
select
    gender, age_group,
    coalesce(sum(points) filter (entry_type = 'earn'), 0) as earned,
    coalesce(-sum(points) filter (entry_type = 'redeem'), 0) as redeemed,
    coalesce(-sum(points) filter (entry_type = 'expire'), 0),
    coalesce(sum(points) filter (entry_type = 'adjust'), 0),
    case when earned > 0 then redeemed / earned end,
    grouping(gender) = 1 as is_total
from grouped
group by grouping sets ((gender, age_group), ())
order by is_total, gender nulls last, age_group nulls last
