-- metrics: [coupon_redemptions, redeeming_households, redeemed_exposures]
-- by: [month, campaign_type]
-- period: 2017
with cells as (
    select month::date as month, campaign_type
    from generate_series(date '2017-01-01', date '2017-12-01', interval 1 month) as months(month)
    cross join (select distinct campaign_type from 'data/campaign_descriptions.parquet') as types
),
redeemed as (
    select
        make_date(year(redemption_date), month(redemption_date), 1) as month, campaign_type, household_id, campaign_id
    from 'data/coupon_redemptions.parquet'
    join 'data/campaign_descriptions.parquet' using (campaign_id)
)
select
    month, campaign_type, count(household_id), count(distinct household_id),
    count(distinct household_id * 1000 + campaign_id)
from cells
left join redeemed using (month, campaign_type)
group by month, campaign_type
order by month, campaign_type
