-- Of which kind the file of a load is (packages/shared/kinds.ts): it says what the load put in, and how that is taken out again.

alter table load add column kind text not null default 'products';
