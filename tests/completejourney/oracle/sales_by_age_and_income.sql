-- metrics: [active_households, baskets, spend]
-- by: [age, income]
-- period: 2017-Q2
with quarter as (
    select household_id, basket_id, round(sales_value * 100)::bigint as cents
    from 'data/transactions.parquet'
    where transaction_timestamp >= timestamp '2017-04-01 04:00:00'
      and transaction_timestamp < timestamp '2017-07-01 04:00:00'
)
select age, income, count(distinct household_id), count(distinct basket_id), (sum(cents) / 100)::decimal(18, 2)
from quarter
left join 'data/demographics.parquet' using (household_id)
group by age, income
order by age nulls last, income nulls last
