-- What needs attention and has been ticked off by somebody (migrations/sqlite/021-ticks.sql).
create table tick (
  kind text collate "C" not null,
  subject text collate "C" not null,
  mark text not null,
  text text not null,
  until text,
  at bigint not null,
  who text not null,
  primary key (kind, subject)
);
