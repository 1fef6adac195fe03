-- Counting the rejects of all loads reads one index from its beginning to its end, and no table.

create table counted (
  load_id integer not null references load on delete cascade,
  code text not null,
  field text not null, -- '' where there is none
  reason text not null,
  count integer not null,
  first_line integer not null,
  company text, -- of the whole file, where it has one; it stays when the load is taken out again
  store_id text,
  store_name text,
  finished_at integer not null, -- when the load ended
  is_first integer not null, -- 1 for one of the reasons that a load has for a code and field: these are its files
  primary key (load_id, code, field, reason)
) strict, without rowid;

insert into counted
  select reject_group.*, finished_at,
    row_number() over (partition by load_id, code, field order by first_line) = 1
  from reject_group join load on load.id = load_id;

drop table reject_group;
alter table counted rename to reject_group;

create index reject_group_by_source
  on reject_group (code, field, company, store_id, load_id, count, is_first, finished_at);
