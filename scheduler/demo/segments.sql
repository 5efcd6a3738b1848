-- Segments: new at registration (for one user in twelve only from the night after), then judged at the start of every
-- quarter by the days with activity in the quarter before. A row per change; one user in a hundred has gaps of ten days.
insert into user_segments
with active_days as (
    select user_id, date_trunc('quarter', bangkok(occurred_at))::date as quarter,
           count(distinct bangkok(occurred_at)::date) as days
    from activity_log
    where user_id between $first_user and $last_user
    group by all
),
quarters as (select day as quarter from calendar where day = date_trunc('quarter', day)),
judged as (
    select
        people.user_id, utc(quarters.quarter::timestamp) as valid_from,
        case when days is null then 'dormant' when days < 4 then 'occasional' when days < 16 then 'regular'
             else 'champion' end as segment
    from people
    join quarters on quarters.quarter > registration_day + 1
    left join active_days
        on active_days.user_id = people.user_id and active_days.quarter = (quarters.quarter - interval 3 months)::date
    union all
    select
        user_id,
        case when draw(chance($seed, 'segment', user_id), 0, 12) = 0
             then utc((registration_day + 1)::timestamp) else registered_at end,
        'new'
    from people
),
changes as (
    select * from judged
    qualify segment is distinct from lag(segment) over (partition by user_id order by valid_from)
),
closed as (
    select
        *,
        lead(valid_from) over (partition by user_id order by valid_from) as next_from,
        case when draw(chance($seed, 'gap', user_id), 0, 100) = 0 then 10 else 0 end as gap_days
    from changes
)
select user_id, valid_from, next_from - to_days(gap_days) as valid_to, segment
from closed
where valid_from < utc($end + interval 1 day) and (valid_to is null or valid_to > valid_from)
order by user_id, valid_from;
