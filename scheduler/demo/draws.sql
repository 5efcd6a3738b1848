-- Chance without a random generator: every draw comes from the md5 of a stable key, so it is the same on every
-- machine, with any number of threads, and whatever part of the users is generated.

-- 128 bits of chance for one thing, from the seed and the thing's own key.
create temp macro chance(seed, thing, key) as md5(concat_ws(':', seed, thing, key));

-- A whole number in [0, bound) from the given place (0 to 3) of a `chance`; independent between places.
create temp macro draw(bits, place, bound) as
    (('0x' || substr(bits, 1 + 8 * place, 8))::bigint * bound) >> 32;

-- Bangkok is seven hours ahead of UTC all year; the tables are written in naive UTC.
create temp macro utc(local_time) as local_time - interval 7 hours;
create temp macro bangkok(utc_time) as utc_time + interval 7 hours;
