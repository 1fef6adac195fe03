-- What read the rows of a load (READER_VERSION of shared/row.ts). 0: a version that did not note it. `splitcart loads replay --older` makes those of
-- older readers once more.
alter table load add column reader_version integer not null default 0;

create index load_reader on load (reader_version, id) where state = 'loaded';
