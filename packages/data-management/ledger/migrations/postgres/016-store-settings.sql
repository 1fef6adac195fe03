-- What people have set for a store (migrations/sqlite/019-store-settings.sql).
create table store_setting (
  company text collate "C" not null,
  store text collate "C" not null,
  expected_days double precision,
  is_retired integer not null default 0,
  snoozed_until text,
  note text,
  at bigint not null,
  who text not null,
  primary key (company, store)
);
