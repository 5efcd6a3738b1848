-- metrics: [active_households, spend, baskets, sales_lines]
-- by: [week]
select
    date '2016-12-26' + ((week - 1) * 7)::integer as monday,     -- the data's own week numbers
    count(distinct household_id),
    (sum(round(sales_value * 100)::bigint) / 100)::decimal(18, 2),
    count(distinct basket_id),
    count(*)
from 'data/transactions.parquet'
group by week
order by week
