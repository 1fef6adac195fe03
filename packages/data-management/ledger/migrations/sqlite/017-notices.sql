-- What needs a person now, and since when. `told_at` null: it has not lasted long enough to be told.
create table condition (
  kind text not null,
  subject text not null,
  text text not null,
  data text,
  since integer not null,
  told_at integer,
  primary key (kind, subject)
) strict, without rowid;

-- What is told, once for each change. `is_over`: what was told before is over.
create table notice (
  id integer primary key,
  at integer not null,
  kind text not null,
  subject text not null,
  is_over integer not null default 0,
  text text not null,
  data text
) strict;

-- Who is told: the receivers that the settings of some server name. `claimed_until`: a server is sending to it.
create table notice_receiver (
  name text primary key,
  seen_at integer not null,
  next_at integer not null default 0,
  failures integer not null default 0,
  claimed_until integer not null default 0,
  last_at integer,
  last_answer text,
  told_at integer
) strict, without rowid;

-- What has not been told to a receiver. `begun_at`: it was sent, and nobody knows yet whether it came.
create table notice_delivery (
  receiver text not null,
  notice_id integer not null,
  begun_at integer,
  primary key (receiver, notice_id)
) strict, without rowid;

-- Products that somebody wants to hear of, each by one of its listings: the number of a product may change. `seen`: what was seen last, as JSON.
create table watch (
  id integer primary key,
  company text not null,
  by_name integer not null,
  code text not null,
  name text not null,
  rule text not null,
  target_cents integer,
  seen text not null,
  who text not null,
  created_at integer not null
) strict;

create unique index watch_of_listing on watch (company, by_name, code, rule);
