-- Uploads in the orders of ledger/sorted-uploads.ts, of each state by itself. By state and by time they are in the order of upload_state and of the table.
create index upload_by_filename on upload (state, lower(filename), id);
create index upload_by_rows on upload (state, coalesce(load ->> 'rows', lines), id);
create index upload_by_rejected on upload (state, coalesce(load ->> 'rejected', 0), id);
create index upload_by_bytes on upload (state, bytes, id);
