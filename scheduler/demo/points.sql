-- Every credit is a lot with one fate: redeemed in one of the next months, expired a year after its month, taken back
-- as a correction, or still open. A debit is never larger than the lots behind it, so no balance is ever negative.
create or replace temp table lots as
with earned as (
    select
        activity_id, user_id, occurred_at, loaded_at, campaign_id,
        date_trunc('month', bangkok(occurred_at)) as month,
        chance($seed, 'points', activity_id) as bits,
        activity_type
    from activity_log
    where user_id between $first_user and $last_user and activity_type in ('sign_up', 'purchase', 'check_in', 'post')
)
select
    *,
    case activity_type when 'sign_up' then 100 when 'check_in' then 5 when 'post' then 10
         else 10 * (1 + least(draw(bits, 0, 40), draw(bits, 1, 40))) end
        * case when campaign_id is null then 1 else 2 end as points,
    case when draw(bits, 2, 1000) < 4 then 'reversed'
         when activity_type = 'sign_up' and draw(bits, 2, 100) < 75 then 'expired'
         when draw(bits, 2, 100) < 58 then 'redeemed'
         when draw(bits, 2, 100) < 93 then 'expired'
         else 'open' end as fate,
    month + to_months((1 + least(draw(bits, 3, 6), draw(bits, 1, 6)))::integer) as redeemed_in,
    month + interval 13 months as expires_at
from earned;

create or replace temp table entries as
select activity_id * 4 as entry_id, user_id, occurred_at, 'earn' as entry_type, points, campaign_id from lots
union all
select
    activity_id * 4 + 1, user_id, occurred_at + to_hours((24 + draw(bits, 0, 48))::integer), 'adjust', -points, null
from lots where fate = 'reversed'
union all
-- A gesture of goodwill, now and then.
select activity_id * 4 + 1, user_id, occurred_at + interval 2 hours, 'adjust', 50, null
from lots where draw(bits, 1, 1000) = 7 and fate <> 'reversed'
union all
-- At most one redemption a month, on the user's own day of it.
select
    (user_id * 1000000 + date_diff('month', date '2000-01-01', redeemed_in)) * 4 + 2,
    user_id,
    utc(redeemed_in + to_days((day_of_month)::integer) + interval 12 hours + to_seconds(second)),
    'redeem', -sum(points), null
from
    (select *, draw(chance($seed, 'redeem', user_id), 0, 28) as day_of_month,
            draw(chance($seed, 'redeem', user_id), 1, 8 * 3600) as second
     from lots where fate = 'redeemed')
group by user_id, redeemed_in, day_of_month, second
union all
-- At midnight after the twelfth month.
select
    (user_id * 1000000 + date_diff('month', date '2000-01-01', expires_at)) * 4 + 3,
    user_id, utc(expires_at), 'expire', -sum(points), null
from lots where fate = 'expired'
group by user_id, expires_at;

-- A redemption by a treated user during a campaign counts as that campaign's.
insert into points_ledger
select
    entry_id, entries.user_id, occurred_at,
    occurred_at + case when draw(bits, 0, 100) = 0 then to_seconds(86400 + draw(bits, 1, 4 * 86400))
                       else to_seconds(2 + draw(bits, 1, 300)) end,
    entry_type, points,
    coalesce(entries.campaign_id, case when entry_type = 'redeem' then exposures.campaign_id end)
from (select *, chance($seed, 'entry', entry_id) as bits from entries) as entries
join calendar on calendar.day = bangkok(occurred_at)::date and calendar.weight > 0
left join campaigns on calendar.day between starts_on and ends_on
left join campaign_exposures as exposures
    on exposures.user_id = entries.user_id and exposures.campaign_id = campaigns.campaign_id
    and exposures.exposure_group = 'treatment' and exposures.assigned_at <= entries.occurred_at
order by occurred_at, entry_id;
