-- Which catalogue this ledger belongs to: the same id stands there.

create table identity (
  one integer primary key check (one = 1),
  id text not null,
  may_differ integer not null default 0 -- 1: a person has said that the two may differ by much, once
) strict;

-- Uploads whose bytes or whose load could not be found here: as they were, so that nothing is known less when they come again, or when it
-- was only looked for in the wrong place. To who asks they are unknown.
create table lost (
  id text primary key,
  sha256 text not null unique,
  upload text not null, -- as JSON
  deliveries text not null, -- as JSON
  reason text not null,
  lost_at integer not null
) strict, without rowid;
