-- What was typed is brought together with the words that there are. What it is for stands in migrations/sqlite.
create table spelling (
  variant text collate "C" not null,
  word text collate "C" not null,
  primary key (variant, word)
);

create table unworded (
  listing_id integer primary key
);

insert into unworded select id from listing;
