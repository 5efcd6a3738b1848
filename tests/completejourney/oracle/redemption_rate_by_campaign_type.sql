-- metrics: [exposures, redeemed_exposures, redemption_rate, coupon_redemptions, redeeming_households]
-- by: [campaign_type]
-- totals: true
with received as (
    select
        campaign_type,
        household_id,
        (select count(*) from 'data/coupon_redemptions.parquet' as r
         where r.household_id = c.household_id and r.campaign_id = c.campaign_id) as redeemed
    from 'data/campaigns.parquet' as c
    join 'data/campaign_descriptions.parquet' using (campaign_id)
)
select
    campaign_type,
    count(*) as exposures,
    count(*) filter (redeemed > 0) as redeemed_exposures,
    redeemed_exposures / exposures as redemption_rate,
    sum(redeemed) as coupon_redemptions,
    count(distinct household_id) filter (redeemed > 0) as redeeming_households,
    grouping(campaign_type) = 1 as is_total
from received
group by rollup (campaign_type)
order by is_total, campaign_type
