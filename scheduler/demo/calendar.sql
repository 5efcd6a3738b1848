-- The business days from $start to $end and how busy each is. A day without data has weight 0.
create temp table calendar as
select
    day::date as day,
    case when day = date '2025-06-17' then 0
         else [9, 9, 9, 10, 12, 15, 13][isodow(day)]                               -- Monday to Sunday
            * [10, 9, 9, 12, 9, 8, 8, 9, 9, 10, 13, 15][month(day)]                -- January to December
    end as weight
from generate_series($start::timestamp, $end::timestamp, interval 1 day) as days(day);

-- For each day, the number of slots up to its end: one slot per unit of weight.
create temp table day_ends as
select day, weight, sum(weight) over (order by day)::bigint as slots from calendar;

-- An even draw of a slot is a draw of a day with its seasons.
create temp table day_slots as
select slots - weight + unnest(range(weight)) as slot, day from day_ends;

-- The same for the hours of a business day: quiet nights, busy lunches and evenings.
create temp table hour_slots as
select row_number() over (order by hour) - 1 as slot, hour
from
    (select hour, unnest(range([4, 2, 1, 1, 1, 2, 4, 6, 7, 7, 7, 8, 10, 9, 8, 8, 8, 9, 11, 13, 14, 13, 9, 6][hour + 1]))
     from range(24) as hours(hour));
