-- Which ledger this catalogue belongs to: the same id stands there.

create table identity (
  one bigint primary key check (one = 1),
  id text not null
);
