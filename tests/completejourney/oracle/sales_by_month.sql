-- metrics: [active_households, spend, baskets, spend_per_basket, sales_lines]
-- by: [month]
with local_sales as (
    select
        *,
        transaction_timestamp - case
            when transaction_timestamp >= timestamp '2017-03-12 07:00:00'
                 and transaction_timestamp < timestamp '2017-11-05 06:00:00' then interval 4 hours
            else interval 5 hours
        end as local_time
    from 'data/transactions.parquet'
)
select
    date_trunc('month', local_time)::date as month,
    count(distinct household_id) as active_households,
    (sum(round(sales_value * 100)::bigint) / 100)::decimal(18, 2) as spend,
    count(distinct basket_id) as baskets,
    spend::double / baskets as spend_per_basket,
    count(*) as sales_lines
from local_sales
group by 1
order by 1
