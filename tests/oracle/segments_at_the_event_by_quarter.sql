-- metrics: [active_users, activities, new_users, points_earned, points_redeemed, redemption_rate]
-- by: [quarter, segment]
-- fill: false
with events as (
    select 'activity' as event, user_id, occurred_at as happened_at, null as entry_type, 0 as points from activity_log
    union all
    select 'registration', user_id, registered_at, null, 0 from users
    union all
    select 'booking', user_id, occurred_at, entry_type, points from points_ledger
    where entry_type in ('earn', 'redeem')
),
placed as (
    select
        events.*,
        (select segment from user_segments
         where user_segments.user_id = events.user_id
           and valid_from <= events.happened_at and (valid_to > events.happened_at or valid_to is null)) as segment
    from events
)
select
    date_trunc('quarter', happened_at + interval 7 hours)::date as quarter,
    segment,
    count(distinct case when event = 'activity' then user_id end),
    count(case when event = 'activity' then 1 end),
    count(case when event = 'registration' then 1 end),
    coalesce(sum(case when entry_type = 'earn' then points end), 0) as earned,
    coalesce(sum(case when entry_type = 'redeem' then -points end), 0) as redeemed,
    case when earned > 0 then redeemed / earned end
from placed
group by 1, 2
order by 1, list_position(['new', 'occasional', 'regular', 'champion', 'dormant'], segment) nulls last
