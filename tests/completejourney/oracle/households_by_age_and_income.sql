-- metrics: [profiled_households]
-- by: [age, income]
-- totals: true
select age, income, count(*), grouping(age) = 1 as is_total
from 'data/demographics.parquet'
group by grouping sets ((age, income), ())
order by is_total, age, income
