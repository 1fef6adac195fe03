-- Files of uploads that are damaged here: whoever sent them is asked for them again. The upload stays what it is.
create table requested_file (
  upload_id text primary key,
  requested_at integer not null
) strict, without rowid;
