-- Which of two files came later is said by their ranks, which only rise: `received_at` is what the clock said, and clocks are set back.
alter table load add column ranked_at integer not null default 0;
update load set ranked_at = received_at;

drop index load_received;
create index load_ranked on load (ranked_at);
