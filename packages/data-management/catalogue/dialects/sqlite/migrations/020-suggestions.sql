-- Pairs of listings of different companies that are likely one article, or can stand beside each other. They follow from what listings say, and
-- are found again in the background whenever that has changed; until then a pair counts only while both still say what it was found from.
create table suggestion (
  listing_id integer not null, -- the first of the two by company and code
  other_id integer not null,
  label_id integer not null, -- what both said when the pair was found
  other_label_id integer not null,
  is_identical integer not null check (is_identical in (0, 1)), -- 0: comparable
  score integer not null, -- in thousandths
  reasons text not null, -- a JSON array of sentences
  primary key (listing_id, other_id)
) strict, without rowid;

create index suggestion_other on suggestion (other_id);
create index suggestion_score on suggestion (score);

-- What the pairs were found from: the state of the catalogue, and of what its listings say in it.
create table suggested (
  one integer primary key check (one = 1),
  revision text not null,
  listings text not null
) strict;
