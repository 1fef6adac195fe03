-- What was typed is brought together with the words that there are (catalogue/model/spelling.ts): each word, and what is left of its beginning
-- without one letter. A word stays when no listing has it any more.
create table spelling (
  variant text not null,
  word text not null,
  primary key (variant, word)
) strict, without rowid;

-- The listings whose words have yet to be written: those of before know neither what a listing is, nor its amount and its categories.
create table unworded (
  listing_id integer primary key
) strict;

insert into unworded select id from listing;
