-- Of which kind the files of an upload are. What that means stands in migrations/sqlite.

alter table upload add column kind text collate "C" not null default 'products';
alter table arriving add column kind text collate "C" not null default 'products';

alter table upload drop constraint upload_state_check;
alter table upload add constraint upload_state_check
  check (state in ('accepted', 'loading', 'loaded', 'held', 'failed', 'delivered'));
