-- Which catalogue this ledger belongs to, and uploads that could not be found here (migrations/sqlite/006-identity.sql).

create table identity (
  one bigint primary key check (one = 1),
  id text not null,
  may_differ bigint not null default 0
);

create table lost (
  id text collate "C" primary key,
  sha256 text collate "C" not null unique,
  upload text not null,
  deliveries text not null,
  reason text not null,
  lost_at bigint not null
);
