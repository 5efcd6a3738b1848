-- metrics: [exposures, redeemed_exposures, redemption_rate]
-- by: [campaign_type, age]
select
    campaign_type, age, count(*) as exposures, count(redeemed.household_id) as redeemed_exposures,
    redeemed_exposures / exposures
from 'data/campaigns.parquet' as received
join 'data/campaign_descriptions.parquet' using (campaign_id)
left join (select distinct household_id, campaign_id from 'data/coupon_redemptions.parquet') as redeemed
    on redeemed.household_id = received.household_id and redeemed.campaign_id = received.campaign_id
left join 'data/demographics.parquet' as demographics on demographics.household_id = received.household_id
group by campaign_type, age
order by campaign_type, age nulls last
