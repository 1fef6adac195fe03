-- Where a file stands among those that came before and after it. What it is for stands in migrations/sqlite.
alter table upload add column ranked_at bigint;
alter table arriving add column ranked_at bigint;

create index upload_ranked on upload ((coalesce(ranked_at, received_at)));
