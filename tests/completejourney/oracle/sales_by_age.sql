-- metrics: [active_households, spend, baskets, spend_per_basket, sales_lines]
-- by: [age]
-- totals: true
with known as (
    select age, household_id, basket_id, sales_value
    from 'data/transactions.parquet' join 'data/demographics.parquet' using (household_id)
),
unknown as (
    select household_id, basket_id, sales_value
    from 'data/transactions.parquet'
    where household_id not in (select household_id from 'data/demographics.parquet')
),
parts as (
    select age, household_id, basket_id, sales_value, false as is_total from known
    union all
    select null, household_id, basket_id, sales_value, false from unknown
    union all
    select null, household_id, basket_id, sales_value, true from 'data/transactions.parquet'
)
select
    age,
    count(distinct household_id),
    (sum(round(sales_value * 100)::bigint) / 100)::decimal(18, 2) as spend,
    count(distinct basket_id) as baskets,
    spend::double / baskets,
    count(*),
    is_total
from parts
group by age, is_total
order by is_total, age nulls last
