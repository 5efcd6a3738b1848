-- Visits that people make by themselves. Session 0 is the registration; later ones fall on a later day.
create or replace temp table organic_sessions as
with planned as (
    select
        *,
        1 + sessions_per_10000_days * life_days // 10000 as sessions,
        (last_slot - first_slot) * life_days // days_left as life_slots
    from people
    where persona <> 'passer-by' and days_left > 0
),
numbered as (
    select *, unnest(range(1, sessions + 1)) as session_no from planned where life_slots > 0
),
drawn as (
    select *, chance($seed, 'session', concat_ws(':', user_id, session_no)) as bits from numbered
),
-- Interest fades: a casual user's visits gather near the start of the life (the smaller of two draws), a trier's more.
placed as (
    select
        user_id, session_no, bits,
        first_slot + case
            when persona in ('regular', 'devoted') then draw(bits, 0, life_slots)
            else least(draw(bits, 0, life_slots), draw(bits, 1, life_slots))
        end as slot
    from drawn
)
select
    user_id, session_no, bits, day,
    -- One session in 300 begins at midnight to the microsecond, one in 300 in the last microsecond of the day.
    case draw(bits, 3, 300)
        when 0 then utc(day::timestamp)
        when 1 then utc(day + interval 1 day - interval 1 microsecond)
        else utc(day + to_hours(hour) + to_seconds(draw(bits, 3, 300 * 3600) % 3600))
    end as starts_at
from placed
join day_slots using (slot)
join hour_slots on hour_slots.slot = draw(bits, 2, 167);

-- Visits that would not have happened without a campaign, within eight days of the assignment.
create or replace temp table campaign_sessions as
select
    user_id,
    100000 + campaign_id as session_no,
    bits,
    assigned_at + to_seconds(600 + draw(bits, 1, 8 * 86400)) as starts_at,
    campaign_id
from
    (select *, chance($seed, 'response', concat_ws(':', campaign_id, user_id)) as bits
     from campaign_exposures
     where user_id between $first_user and $last_user and exposure_group = 'treatment')
join campaign_plan using (campaign_id)
where draw(bits, 0, 100) < effect;

-- All visits. Treated users who come anyway follow the campaign's link as well, four times in ten.
create or replace temp table sessions as
select
    user_id, session_no, organic_sessions.bits, starts_at,
    case when exposure_group = 'treatment' and assigned_at <= starts_at and draw(organic_sessions.bits, 1, 10) < 4
         then campaign_id end as campaign_id
from organic_sessions
left join campaigns on day between starts_on and ends_on
left join campaign_exposures using (user_id, campaign_id)
union all
select user_id, session_no, bits, starts_at, campaign_id from campaign_sessions
union all
select user_id, 0, chance($seed, 'session', concat_ws(':', user_id, 0)), registered_at, null from people;
