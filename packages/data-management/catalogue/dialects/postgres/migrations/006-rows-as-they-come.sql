-- Rows as shops write them. What the columns mean stands in migrations/sqlite/013-rows-as-they-come.sql.
alter table price_run alter column price_cents drop not null;
alter table contested alter column price_cents drop not null;
alter table load add column remarks text;
