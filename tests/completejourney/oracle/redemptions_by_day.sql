-- metrics: [coupon_redemptions]
-- by: [day]
-- period: 2017-01-01..2017-01-15
select day::date, count(household_id)
from generate_series(date '2017-01-01', date '2017-01-15', interval 1 day) as days(day)
left join 'data/coupon_redemptions.parquet' on redemption_date = day
group by day
order by day
