-- Which of two files came later. What it is for stands in migrations/sqlite.
alter table load add column ranked_at bigint not null default 0;
update load set ranked_at = received_at;

drop index load_received;
create index load_ranked on load (ranked_at);
