-- metrics: [exposures, redeemed_exposures, redemption_rate]
-- by: [campaigns.start_date.month, campaign_type]
select
    (year(start_date) || '-' || lpad(month(start_date)::varchar, 2, '0') || '-01')::date as month,
    campaign_type,
    count(*) as exposures,
    sum(case when exists (
            select 1 from 'data/coupon_redemptions.parquet' as redeemed
            where redeemed.campaign_id = received.campaign_id and redeemed.household_id = received.household_id)
        then 1 else 0 end) as redeemed_exposures,
    redeemed_exposures / exposures
from 'data/campaigns.parquet' as received
join 'data/campaign_descriptions.parquet' as described on described.campaign_id = received.campaign_id
group by 1, 2
order by 1, 2
