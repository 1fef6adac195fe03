-- Which ledger this catalogue belongs to: the same id stands there.

create table identity (
  one integer primary key check (one = 1),
  id text not null
) strict;
