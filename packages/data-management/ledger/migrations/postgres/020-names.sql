-- What it is for stands in migrations/sqlite.
create index upload_named on upload (id, state, filename);
