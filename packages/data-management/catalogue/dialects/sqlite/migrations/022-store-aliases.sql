-- One shop under two codes, as the ledger has it: what files say of `code` is kept with the store `into_code`. Codes are folded.
create table store_alias (
  company text not null,
  code text not null,
  into_code text not null,
  primary key (company, code)
) strict, without rowid;

-- A scrape of such a store bears the code that its file names, so that it can go back, and one file may describe both on one date. A
-- constraint can be changed only in a new table, and those that refer to it have to be out of its way.
create table figures_before as select * from figures;
create table contested_before as select * from contested;
drop table figures;
drop table contested;

create table scrape_of_alias (
  id integer primary key,
  store_id integer not null references store,
  date text not null,
  load_id integer not null references load,
  ranked_at integer not null, -- the latest scraped_at of its rows, else when the file was received: the later scrape wins
  listings integer not null, -- how many it shows
  store_name text not null,
  state text,
  company_name text,
  company_code text not null default '', -- as the file writes them
  store_code text not null default '',
  merged_from text not null default '', -- the code that its file names, where that is not the code of its store
  unique (store_id, date, load_id, merged_from)
) strict;

insert into scrape_of_alias
  select id, store_id, date, load_id, ranked_at, listings, store_name, state, company_name, company_code, store_code, ''
  from scrape order by id;
drop table scrape;
alter table scrape_of_alias rename to scrape;
create index scrape_load on scrape (load_id);
create index scrape_shown on scrape (store_id, date, listings, load_id); -- the dates of a store, without the table
create index scrape_company_name on scrape (store_id, date) where company_name is not null;

create table contested (
  scrape_id integer not null references scrape,
  listing_id integer not null,
  label_id integer not null,
  price_cents integer,
  was_price_cents integer,
  is_on_special integer,
  is_available integer,
  primary key (scrape_id, listing_id)
) strict, without rowid;
insert into contested select * from contested_before order by scrape_id, listing_id;
drop table contested_before;

create table figures (
  scrape_id integer primary key references scrape on delete cascade,
  company_id integer not null,
  store_id integer not null,
  date text not null,
  figures text not null
) strict;
insert into figures select * from figures_before order by scrape_id;
drop table figures_before;
create index figures_near on figures (company_id, date, store_id);
