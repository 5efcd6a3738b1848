-- metrics: [campaigns_started]
-- by: [quarter, campaign_type]
-- fill: false
select make_date(year(start_date), 1 + 3 * ((month(start_date) - 1) // 3), 1) as quarter, campaign_type, count(*)
from 'data/campaign_descriptions.parquet'
group by quarter, campaign_type
order by quarter, campaign_type
