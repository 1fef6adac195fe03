-- What else a shop tells of a thing; the columns are explained in migrations/sqlite/021-details.sql.
alter table label add column details text collate "C";
