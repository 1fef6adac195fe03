-- What they are for stands in migrations/sqlite.
create index upload_by_filename on upload (state, lower(filename), id);
create index upload_by_rows on upload (state, coalesce((load::jsonb ->> 'rows')::bigint, lines), id);
create index upload_by_rejected on upload (state, coalesce((load::jsonb ->> 'rejected')::bigint, 0), id);
create index upload_by_bytes on upload (state, bytes, id);
