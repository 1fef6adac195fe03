-- Where a file stands among those that came before and after it; null: `received_at` says it. It only rises, also when the clock is set back.
alter table upload add column ranked_at integer;
alter table arriving add column ranked_at integer;

create index upload_ranked on upload (coalesce(ranked_at, received_at));
