-- What people have said of two listings: one product, comparable, or neither. Listings go by their own names, not by numbers. A verdict that is
-- undone stays on record; of several of one pair the latest that is not undone counts.
create table verdict (
  id integer primary key,
  company text not null,
  by_name integer not null, -- 1: code is a normalized name
  code text not null,
  other_company text not null,
  other_by_name integer not null,
  other_code text not null,
  verdict text not null check (verdict in ('same', 'comparable', 'not_same')),
  at integer not null,
  who text not null,
  reason text,
  undone_at integer,
  undone_by text
) strict;
