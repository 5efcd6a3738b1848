-- metrics: [exposures, redeemed_exposures, redemption_rate, coupon_redemptions]
-- by: [income]
with per_household as (
    select household_id, count(*) as exposures from 'data/campaigns.parquet' group by household_id
),
redeemed as (
    select household_id, count(distinct campaign_id) as redeemed_exposures, count(*) as coupons
    from 'data/coupon_redemptions.parquet'
    group by household_id
)
select
    income, sum(exposures) as exposures, coalesce(sum(redeemed_exposures), 0) as redeemed_count,
    redeemed_count / sum(exposures), coalesce(sum(coupons), 0)
from per_household
left join redeemed using (household_id)
left join 'data/demographics.parquet' using (household_id)
group by income
order by income nulls last
