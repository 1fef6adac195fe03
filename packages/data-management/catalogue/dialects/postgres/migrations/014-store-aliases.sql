-- One shop under two codes; the columns are explained in migrations/sqlite/022-store-aliases.sql.
create table store_alias (
  company text collate "C" not null,
  code text collate "C" not null,
  into_code text collate "C" not null,
  primary key (company, code)
);

alter table scrape add column merged_from text collate "C" not null default '';
alter table scrape add unique (store_id, date, load_id, merged_from);
alter table scrape drop constraint scrape_store_id_date_load_id_key;
