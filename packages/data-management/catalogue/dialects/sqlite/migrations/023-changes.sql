-- What changed from one scrape of a store to its next, counted by company and date: the same change in many stores is one line. All of it
-- follows from `price_run` and `scrape`, and is counted again in the background for the dates that loads have marked.
create index price_run_from on price_run (store_id, from_date, listing_id);
create index price_run_to on price_run (store_id, to_date) where to_date is not null;

create table price_change (
  date text not null,
  kind text not null check (kind in ('cheaper', 'dearer', 'new', 'back', 'back_in_stock', 'gone')),
  -- Both below 0, so that the largest comes first: the change as a share, in millionths (0 where there is none), and in cents.
  by_share integer not null,
  by_cents integer not null,
  listing_id integer not null,
  from_cents integer not null, -- -1: none
  to_cents integer not null,
  company_id integer not null,
  stores integer not null,
  primary key (date, kind, by_share, by_cents, listing_id, from_cents, to_cents)
) strict, without rowid;

create index price_change_cents on price_change (date, kind, by_cents, by_share, listing_id, from_cents, to_cents);
create index price_change_company on price_change (company_id, date, kind, by_share, by_cents, listing_id, from_cents, to_cents);
create index price_change_company_cents on price_change (company_id, date, kind, by_cents, by_share, listing_id, from_cents, to_cents);
create index price_change_listing on price_change (listing_id, date);

-- How many lines there are of each kind, and how many stores they are of in all.
create table price_change_day (
  date text not null,
  company_id integer not null,
  kind text not null,
  lines integer not null,
  stores integer not null,
  primary key (date, company_id, kind)
) strict, without rowid;

-- From these dates of stores on, changes have yet to be counted. `marks`: how often that was said.
create table change_pending (
  company_id integer not null,
  store_id integer not null,
  date text not null,
  marks integer not null,
  primary key (company_id, store_id, date)
) strict, without rowid;

insert into change_pending select company_id, store.id, min(date), 1 from store join scrape on store_id = store.id group by store.id;
