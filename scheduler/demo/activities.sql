-- What people do in a visit: shares of a hundred, and the day a feature was launched.
create temp table if not exists activity_kinds as
select * from (values
    (0, 30, 'login', 'home', date '2000-01-01'),
    (30, 50, 'browse', 'shop', date '2000-01-01'),
    (50, 62, 'search', 'search', date '2000-01-01'),
    (62, 72, 'purchase', 'shop', date '2000-01-01'),
    (72, 82, 'check_in', 'rewards', date '2000-01-01'),
    (82, 88, 'read', 'community', date '2000-01-01'),
    (88, 90, 'post', 'community', date '2000-01-01'),
    (90, 100, 'play', 'games', date '2024-07-01')
) as kinds(share_from, share_to, activity_type, feature, launched_on);

create temp table if not exists activity_dice as
select die, activity_type, feature, launched_on
from activity_kinds, unnest(range(share_from, share_to)) as dice(die);

-- One to five actions in a visit, about two minutes apart. Before a feature's launch people log in instead.
-- One visit in 250 is of a deleted account, one in 500 of somebody not signed in; one action in 100 is loaded late.
insert into activity_log
with actions as (
    select
        user_id, session_no, starts_at, campaign_id,
        draw(bits, 0, 1000) as account,
        unnest(range(1 + least(draw(bits, 1, 5), draw(bits, 2, 5)))) as action_no
    from sessions
),
drawn as (
    select
        *,
        user_id * 10000000 + session_no * 10 + action_no as activity_id,
        chance($seed, 'action', concat_ws(':', user_id, session_no, action_no)) as bits
    from actions
),
timed as (
    select
        *,
        starts_at + to_seconds(action_no * 120 + case when action_no > 0 then draw(bits, 0, 100) else 0 end)
            as occurred_at
    from drawn
)
select
    activity_id,
    case when session_no = 0 or account >= 6 then user_id
         when account >= 2 then 9000000000 + user_id
    end as user_id,
    occurred_at,
    occurred_at + case when draw(bits, 1, 100) = 0 then to_seconds(86400 + draw(bits, 2, 4 * 86400))
                       else to_seconds(2 + draw(bits, 2, 300)) end as loaded_at,
    case when session_no = 0 and action_no = 0 then 'sign_up'
         when calendar.day < launched_on then 'login'
         else activity_type end as activity_type,
    case when session_no = 0 and action_no = 0 then 'account'
         when calendar.day < launched_on then 'home'
         else feature end as feature,
    campaign_id
from timed
join activity_dice on die = draw(bits, 3, 100)
join calendar on calendar.day = bangkok(occurred_at)::date and calendar.weight > 0
order by occurred_at, activity_id;
