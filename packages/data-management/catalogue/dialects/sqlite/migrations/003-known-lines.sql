-- The lines of each store's newest scrape, by their fingerprints (catalogue/known-lines.ts). Nothing is lost with it.
create table known_lines (
  store_id integer primary key references store,
  scrape_id integer not null,
  kind text not null, -- the order of the bytes in a number: LE or BE
  lines blob not null
) strict;

-- 0: each store that shows the listing now shows it with the listing's own label, so another scrape of the same changes nothing.
alter table listing add column varied integer not null default 1;

create index listing_varied on listing (company_id) where varied = 1;

-- Which listings a store shows now: its known lines say so, and a look at its runs does where there are none.
drop index price_run_open;
