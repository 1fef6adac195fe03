-- What lists say that somebody keeps. What the tables and columns mean stands in migrations/sqlite.

create table store_fact (
  store_id integer not null references store,
  date text collate "C" not null,
  load_id bigint not null references load,
  name text collate "C",
  address text collate "C",
  suburb text collate "C",
  state text collate "C",
  postcode text collate "C",
  latitude_e7 integer,
  longitude_e7 integer,
  phone text collate "C",
  is_open smallint,
  primary key (store_id, date, load_id)
);

create index store_fact_load on store_fact (load_id);

alter table store add column told_name text collate "C";
alter table store add column told_state text collate "C";
alter table store add column address text collate "C";
alter table store add column suburb text collate "C";
alter table store add column postcode text collate "C";
alter table store add column latitude_e7 integer;
alter table store add column longitude_e7 integer;
alter table store add column phone text collate "C";
alter table store add column is_open smallint;
alter table store add column described_on text collate "C";

create table barcode_fact (
  company_id integer not null references company,
  sku text collate "C" not null,
  date text collate "C" not null,
  load_id bigint not null references load,
  barcode text collate "C" not null,
  primary key (company_id, sku, date, load_id)
);

create index barcode_fact_load on barcode_fact (load_id);

create table fed_barcode (
  company_id integer not null,
  sku text collate "C" not null,
  barcode text collate "C" not null,
  primary key (company_id, sku)
);
