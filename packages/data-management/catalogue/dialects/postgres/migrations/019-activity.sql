-- What was loaded since a time is added up from the index alone. What it is for stands in migrations/sqlite.
drop index load_finished;

create index load_finished on load (finished_at, state, rejected, rows, inserted, changed);
