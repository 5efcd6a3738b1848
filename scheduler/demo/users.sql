-- Kinds of people: shares of a thousand, visits in a hundred days, and for how many days after the registration they
-- keep coming. Passers-by never return. $pace is how often the others come, in percent of the usual.
create temp table if not exists personas as
select * from (values
    ('passer-by', 0, 330, 0, 0, 0),
    ('trier', 330, 560, 6, 20, 80),
    ('casual', 560, 810, 6, 100, 1000),
    ('regular', 810, 965, 17, 300, 2000),
    ('devoted', 965, 1000, 45, 600, 3000)
) as kinds(persona, share_from, share_to, sessions_per_100_days, stays_from, stays_to);

-- The users $first_user to $last_user, with what only the generator knows about them.
create or replace temp table people as
with drawn as (
    select
        user_id,
        chance($seed, 'registration', user_id) as registration,
        chance($seed, 'profile', user_id) as profile,
        chance($seed, 'birth', user_id) as birth,
        chance($seed, 'habit', user_id) as habit
    from range($first_user, $last_user + 1) as ids(user_id)
),
-- Growth: most registrations fall on the later of two draws, which makes them more frequent day by day.
timed as (
    select
        *,
        case when draw(registration, 0, 10) < 5 then draw(registration, 1, slots)
             else greatest(draw(registration, 1, slots), draw(registration, 2, slots))
        end as registration_slot,
        draw(registration, 3, 167 * 3600) as second_of_day,
        -- Women stay a little more often than others.
        least(999, draw(habit, 0, 1000) + case when draw(profile, 0, 100) < 48 then 25 else 0 end) as kind_of_person
    from drawn, (select count(*) as slots from day_slots)
)
select
    user_id,
    day_slots.day as registration_day,
    utc(day_slots.day + to_hours(hour_slots.hour) + to_seconds(second_of_day % 3600)) as registered_at,
    case when draw(profile, 0, 100) < 48 then 'female'
         when draw(profile, 0, 100) < 85 then 'male'
         when draw(profile, 0, 100) < 88 then 'other'
    end as gender,
    -- 15 to 74 years old at registration, mostly 20 to 40; one in fifteen does not say.
    case when draw(birth, 0, 15) > 0
         then day_slots.day - (15 * 366 + least(draw(birth, 1, 60 * 365), draw(birth, 2, 60 * 365)))::integer
    end as birth_date,
    ['Bangkok', 'Bangkok', 'Bangkok', 'Chiang Mai', 'Chonburi', 'Khon Kaen', 'Nakhon Ratchasima', 'Phuket', 'Songkhla']
        [1 + draw(profile, 1, 9)] as province,
    case when draw(profile, 2, 1000) < 4 then 'staff'
         when draw(profile, 2, 1000) < 80 then 'business'
         when personas.persona in ('regular', 'devoted') and draw(profile, 2, 1000) < 500 then 'premium'
         else 'standard'
    end as classification,
    ['app store', 'app store', 'search', 'social', 'referral', 'partner'][1 + draw(profile, 3, 6)] as signup_channel,
    personas.persona,
    day_ends.slots as first_slot,
    timed.slots as last_slot,
    personas.sessions_per_100_days * (40 + draw(habit, 2, 121)) * $pace // 100 as sessions_per_10000_days,
    date_diff('day', day_slots.day, $end) as days_left,
    least(days_left, stays_from + draw(habit, 1, stays_to - stays_from)) as life_days
from timed
join day_slots on day_slots.slot = registration_slot
join hour_slots on hour_slots.slot = second_of_day // 3600
join day_ends on day_ends.day = day_slots.day
join personas on kind_of_person >= share_from and kind_of_person < share_to;

insert into users
select user_id, registered_at, gender, birth_date, province, classification, signup_channel
from people
order by user_id;
