-- The tables of the demonstration, as an operational system would hand them over. Timestamps are naive UTC.

create table users (
    user_id bigint not null,
    registered_at timestamp not null,
    gender varchar,                         -- female, male, other; missing for some
    birth_date date,                        -- missing for some
    province varchar not null,
    classification varchar not null,        -- standard, premium, business, staff
    signup_channel varchar not null
);

create table activity_log (
    activity_id bigint not null,
    user_id bigint,                         -- missing when not signed in; unknown when the account was deleted
    occurred_at timestamp not null,
    loaded_at timestamp not null,           -- when it reached this table: seconds later, at times days
    activity_type varchar not null,
    feature varchar not null,
    campaign_id integer                     -- the campaign whose link was followed
);

create table points_ledger (
    entry_id bigint not null,
    user_id bigint not null,
    occurred_at timestamp not null,
    loaded_at timestamp not null,
    entry_type varchar not null,            -- earn, redeem, expire, adjust
    points bigint not null,                 -- credits above zero, debits below
    campaign_id integer
);

create table user_segments (
    user_id bigint not null,
    valid_from timestamp not null,
    valid_to timestamp,                     -- missing while still valid
    segment varchar not null                -- new, occasional, regular, champion, dormant
);

create table campaigns (
    campaign_id integer not null,
    campaign_name varchar not null,
    channel varchar not null,
    starts_on date not null,                -- business days, both included
    ends_on date not null
);

create table campaign_exposures (
    campaign_id integer not null,
    user_id bigint not null,
    assigned_at timestamp not null,
    exposure_group varchar not null         -- treatment, or the randomised holdout that was shown nothing
);
