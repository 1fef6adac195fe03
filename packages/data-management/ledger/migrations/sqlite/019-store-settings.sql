-- What people have set for a store: how often it is scraped (null: as it was learned), that it is scraped no longer, that nothing is
-- expected of it before a date, and a note. Codes are folded. Who has set what before stands in `audit`.
create table store_setting (
  company text not null,
  store text not null,
  expected_days real,
  is_retired integer not null default 0,
  snoozed_until text,
  note text,
  at integer not null,
  who text not null,
  primary key (company, store)
) strict, without rowid;
