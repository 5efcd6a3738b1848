-- metrics: [active_households, spend, baskets, spend_per_basket]
-- by: [month, income]
-- fill: false
select
    month,
    (select income from 'data/demographics.parquet' as d where d.household_id = sales.household_id) as income,
    count(distinct household_id),
    (sum(cents) / 100)::decimal(18, 2) as spend,
    count(distinct basket_id) as baskets,
    spend::double / baskets
from (
    select
        household_id, basket_id, round(sales_value * 100)::bigint as cents,
        date_trunc('month', timezone('America/New_York', timezone('UTC', transaction_timestamp)))::date as month
    from 'data/transactions.parquet'
) as sales
group by 1, 2
order by 1, 2 nulls last
