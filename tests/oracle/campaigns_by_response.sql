-- metrics: [response_rate, response_rank]
-- by: [campaign]
with chosen as (
    select
        campaign_name,
        exists (
            select 1 from activity_log
            where activity_log.user_id = campaign_exposures.user_id
              and occurred_at - assigned_at >= interval 0 days and occurred_at - assigned_at < interval 14 days
        ) as responded
    from campaign_exposures
    join campaigns using (campaign_id)
    where exposure_group = 'treatment'
),
rates as (
    select campaign_name, count(*) filter (responded) / count(*) as rate from chosen group by campaign_name
)
select campaign_name, rate, 1 + (select count(*) from rates as better where better.rate > rates.rate)
from rates
order by campaign_name
