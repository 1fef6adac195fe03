-- Rows as shops write them: what is sold out has no price, and what was left out of rows is told.

-- A price may be missing. A column can be made so only in a new table.
create table price_run_without (
  store_id integer not null,
  listing_id integer not null,
  from_date text not null,
  to_date text, -- null: up to the store's latest scrape
  price_cents integer, -- null: seen, not available, without a price
  was_price_cents integer,
  is_on_special integer,
  is_available integer,
  primary key (store_id, listing_id, from_date)
) strict, without rowid;

insert into price_run_without select * from price_run order by store_id, listing_id, from_date;
drop table price_run;
alter table price_run_without rename to price_run;

create table contested_without (
  scrape_id integer not null references scrape,
  listing_id integer not null,
  label_id integer not null,
  price_cents integer,
  was_price_cents integer,
  is_on_special integer,
  is_available integer,
  primary key (scrape_id, listing_id)
) strict, without rowid;

insert into contested_without select * from contested order by scrape_id, listing_id;
drop table contested;
alter table contested_without rename to contested;

-- Fields that were left out of rows, and why, and fields that are not known, as JSON; null: there are none.
alter table load add column remarks text;
