-- What read the rows of a load. What it is for stands in migrations/sqlite.
alter table load add column reader_version bigint not null default 0;

create index load_reader on load (reader_version, id) where state = 'loaded';
