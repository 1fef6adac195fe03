-- What needs attention and has been ticked off by somebody: of a kind and a subject, as in `condition`. `mark`: how it was then. `until`: the
-- date from which on it counts again; null: when it is no longer as `mark` says, or over.
create table tick (
  kind text not null,
  subject text not null,
  mark text not null,
  text text not null,
  until text,
  at integer not null,
  who text not null,
  primary key (kind, subject)
) strict, without rowid;
