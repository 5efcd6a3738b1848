-- metrics: [campaigns_started]
-- by: [quarter, channel]
-- period: 2024..2025
with quarters as (
    select quarter::date as quarter
    from generate_series(date '2024-01-01', date '2025-10-01', interval 3 months) as series(quarter)
),
channels as (select distinct channel from campaigns where year(starts_on) in (2024, 2025))
select quarter, channels.channel, count(campaign_id)
from quarters
cross join channels
left join campaigns
    on campaigns.channel = channels.channel and starts_on >= quarter and starts_on < quarter + interval 3 months
group by all
order by quarter, channel
