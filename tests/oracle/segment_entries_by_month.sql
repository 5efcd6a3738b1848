-- metrics: [segment_entries, users_entering_segment]
-- by: [month, segment]
-- period: 2025-Q4
with months as (
    select month::date as month from generate_series(date '2025-10-01', date '2025-12-01', interval 1 month) as s(month)
),
entered as (
    select date_trunc('month', valid_from + interval 7 hours)::date as month, segment, user_id
    from user_segments
    where valid_from >= timestamp '2025-09-30 17:00:00' and valid_from < timestamp '2025-12-31 17:00:00'
)
select months.month, segments.segment, count(user_id), count(distinct user_id)
from months
cross join (select distinct segment from entered) as segments
left join entered on entered.month = months.month and entered.segment = segments.segment
group by months.month, segments.segment
order by months.month, list_position(['new', 'occasional', 'regular', 'champion', 'dormant'], segments.segment)
