-- What is about to get its name in the inbox, and who sends it: on record before the name is there, so that whoever finds the name knows
-- its sender. An upload on record follows, and takes its place.

create table arriving (
  id text primary key, -- that of the upload it becomes
  sha256 text not null,
  filename text not null,
  bytes integer not null,
  lines integer not null,
  wire_bytes integer not null,
  received_at integer not null,
  key_id text not null,
  is_noted integer not null default 0 -- 1: the loader found the name first, and has noted the delivery
) strict, without rowid;

create index arriving_sha256 on arriving (sha256);
