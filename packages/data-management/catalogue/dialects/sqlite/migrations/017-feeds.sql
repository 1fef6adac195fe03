-- What lists say that somebody keeps: of stores where they are, and of SKUs their barcodes. Every row of every file is kept, with the date
-- that it speaks of; what holds now is what the newest says.

create table store_fact (
  store_id integer not null references store,
  date text not null,
  load_id integer not null references load,
  name text,
  address text,
  suburb text,
  state text,
  postcode text,
  latitude_e7 integer, -- ten millionths of a degree
  longitude_e7 integer,
  phone text,
  is_open integer,
  primary key (store_id, date, load_id)
) strict, without rowid;

create index store_fact_load on store_fact (load_id);

-- As the newest fact says. What a store is called by such a list goes before what its scrapes call it.
alter table store add column told_name text;
alter table store add column told_state text;
alter table store add column address text;
alter table store add column suburb text;
alter table store add column postcode text;
alter table store add column latitude_e7 integer;
alter table store add column longitude_e7 integer;
alter table store add column phone text;
alter table store add column is_open integer;
alter table store add column described_on text; -- the date of the newest fact

create table barcode_fact (
  company_id integer not null references company,
  sku text not null,
  date text not null,
  load_id integer not null references load,
  barcode text not null,
  primary key (company_id, sku, date, load_id)
) strict, without rowid;

create index barcode_fact_load on barcode_fact (load_id);

-- The newest of them: the barcode of a listing that has none of its own.
create table fed_barcode (
  company_id integer not null,
  sku text not null,
  barcode text not null,
  primary key (company_id, sku)
) strict, without rowid;
