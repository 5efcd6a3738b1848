-- Every campaign between $start and $end. `effect` is the truth that only the generator knows: of a hundred users
-- treated, how many come who would not have come. The new-year quiz of 2025 has none.
create temp table campaign_plan (
    campaign_id integer, campaign_name varchar, channel varchar,
    starts_on date, audience integer, holdout integer, effect integer     -- the last three in percent
);

insert into campaign_plan values
    (1, '11.11 2023', 'email', date '2023-11-05', 70, 25, 24),
    (2, 'Songkran 2024', 'push', date '2024-04-06', 60, 20, 20),
    (3, 'Double points 2024', 'in-app', date '2024-09-06', 55, 20, 18),
    (4, '11.11 2024', 'email', date '2024-11-05', 50, 20, 16),
    (5, 'New-year quiz 2025', 'email', date '2025-01-04', 60, 20, 0),
    (6, 'Songkran 2025', 'push', date '2025-04-06', 50, 15, 14),
    (7, '11.11 2025', 'email', date '2025-11-05', 50, 15, 14),
    (8, 'Songkran 2026', 'push', date '2026-04-05', 50, 15, 13),
    (9, 'Double points 2026', 'in-app', date '2026-09-05', 40, 20, 12);

insert into campaigns
select campaign_id, campaign_name, channel, starts_on, starts_on + 13
from campaign_plan
where starts_on >= $start and starts_on + 13 <= $end
order by campaign_id;
