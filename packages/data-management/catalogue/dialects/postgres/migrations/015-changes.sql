-- What changed from one scrape of a store to its next; the columns are explained in migrations/sqlite/023-changes.sql.
create index price_run_from on price_run (store_id, from_date, listing_id);
create index price_run_to on price_run (store_id, to_date) where to_date is not null;

create table price_change (
  date text collate "C" not null,
  kind text collate "C" not null check (kind in ('cheaper', 'dearer', 'new', 'back', 'back_in_stock', 'gone')),
  by_share bigint not null,
  by_cents integer not null,
  listing_id integer not null,
  from_cents integer not null,
  to_cents integer not null,
  company_id integer not null,
  stores integer not null,
  primary key (date, kind, by_share, by_cents, listing_id, from_cents, to_cents)
);

create index price_change_cents on price_change (date, kind, by_cents, by_share, listing_id, from_cents, to_cents);
create index price_change_company on price_change (company_id, date, kind, by_share, by_cents, listing_id, from_cents, to_cents);
create index price_change_company_cents on price_change (company_id, date, kind, by_cents, by_share, listing_id, from_cents, to_cents);
create index price_change_listing on price_change (listing_id, date);

create table price_change_day (
  date text collate "C" not null,
  company_id integer not null,
  kind text collate "C" not null,
  lines integer not null,
  stores integer not null,
  primary key (date, company_id, kind)
);

create table change_pending (
  company_id integer not null,
  store_id integer not null,
  date text collate "C" not null,
  marks integer not null,
  primary key (company_id, store_id, date)
);

insert into change_pending select company_id, store.id, min(date), 1 from store join scrape on store_id = store.id group by store.id, company_id;
