-- The name of the state that the catalogue is in. What it is for stands in migrations/sqlite.

create table revision (
  one integer primary key check (one = 1),
  id text collate "C" not null
);

insert into revision values (1, 'first');
