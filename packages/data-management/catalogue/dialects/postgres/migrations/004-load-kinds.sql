-- Of which kind the file of a load is. What that means stands in migrations/sqlite.

alter table load add column kind text collate "C" not null default 'products';
