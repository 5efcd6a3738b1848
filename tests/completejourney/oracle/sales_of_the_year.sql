-- metrics: [sales_lines, active_households, spend, baskets, spend_per_basket]
-- period: 2017
select
    count(*),
    count(distinct household_id),
    sum(sales_value::decimal(12, 2)) as spend,
    count(distinct basket_id) as baskets,
    spend::double / baskets
from 'data/transactions.parquet'
