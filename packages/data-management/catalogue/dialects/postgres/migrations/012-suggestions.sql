-- Pairs of listings that are suggested. What they are for stands in migrations/sqlite.
create table suggestion (
  listing_id integer not null,
  other_id integer not null,
  label_id integer not null,
  other_label_id integer not null,
  is_identical integer not null check (is_identical in (0, 1)),
  score integer not null,
  reasons text collate "C" not null,
  primary key (listing_id, other_id)
);

create index suggestion_other on suggestion (other_id);
create index suggestion_score on suggestion (score);

create table suggested (
  one integer primary key check (one = 1),
  revision text collate "C" not null,
  listings text collate "C" not null
);
