-- Files of uploads that are damaged, which their senders are asked for (migrations/sqlite/018-requested-files.sql).
create table requested_file (
  upload_id text collate "C" primary key,
  requested_at bigint not null
);
