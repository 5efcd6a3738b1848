-- metrics: [points_earned, points_redeemed, redemption_rate, redeeming_users, activities]
-- by: [campaign]
-- where: campaign is not null
with booked as (
    select
        campaign_id,
        sum(case when entry_type = 'earn' then points else 0 end) as earned,
        sum(case when entry_type = 'redeem' then -points else 0 end) as redeemed,
        count(distinct case when entry_type = 'redeem' then user_id end) as redeeming_users
    from points_ledger
    group by campaign_id
),
followed as (select campaign_id, count(*) as activities from activity_log group by campaign_id)
select campaign_name, earned, redeemed, case when earned > 0 then redeemed / earned end, redeeming_users, activities
from campaigns
join booked on booked.campaign_id = campaigns.campaign_id
join followed on followed.campaign_id = campaigns.campaign_id
order by campaign_name
