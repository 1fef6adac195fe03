-- What a load was allowed to write, and what each sender called the file (migrations/sqlite/007-rights.sql).

alter table upload add column loaded_for text;
alter table upload add column wish_limited bigint not null default 0;
alter table delivery add column filename text;
