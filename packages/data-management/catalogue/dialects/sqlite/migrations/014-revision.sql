-- The name of the state that the catalogue is in: another one after each change, so that whoever has what was exported of it before knows
-- whether that still holds.

create table revision (
  one integer primary key check (one = 1),
  id text not null
) strict;

insert into revision values (1, 'first');
