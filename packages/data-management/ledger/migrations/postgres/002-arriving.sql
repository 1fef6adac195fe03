-- What is about to get its name in the inbox, and who sends it (migrations/sqlite/005-arriving.sql).

create table arriving (
  id text collate "C" primary key,
  sha256 text collate "C" not null,
  filename text collate "C" not null,
  bytes bigint not null,
  lines bigint not null,
  wire_bytes bigint not null,
  received_at bigint not null,
  key_id text collate "C" not null,
  is_noted bigint not null default 0
);

create index arriving_sha256 on arriving (sha256);
