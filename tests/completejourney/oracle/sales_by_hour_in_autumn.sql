-- metrics: [sales_lines, baskets]
-- by: [hour]
-- period: 2017-11-05
with hours as (
    select hour
    from generate_series(timestamp '2017-11-05 04:00:00', timestamp '2017-11-06 04:00:00', interval 1 hour) as h(hour)
)
select hour, count(basket_id), count(distinct basket_id)
from hours
left join 'data/transactions.parquet'
    on transaction_timestamp >= hour and transaction_timestamp < hour + interval 1 hour
group by hour
order by hour
