-- Who was chosen for a campaign: a random part of the users registered by then, of which a random part is held out.
insert into campaign_exposures
select
    campaign_id,
    user_id,
    utc(starts_on + interval 9 hours + to_seconds(draw(bits, 2, 3 * 3600))) as assigned_at,
    case when draw(bits, 1, 100) < holdout then 'holdout' else 'treatment' end as exposure_group
from
    (select *, chance($seed, 'exposure', concat_ws(':', campaign_id, user_id)) as bits
     from people, campaign_plan
     semi join campaigns using (campaign_id)
     where registration_day < starts_on)
where draw(bits, 0, 100) < audience
order by campaign_id, user_id;
