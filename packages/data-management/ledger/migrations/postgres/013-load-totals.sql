-- What all loads have done since this table is there (migrations/sqlite/016-load-totals.sql).

create table load_total (
  name text collate "C" primary key,
  amount bigint not null
);

insert into load_total values
  ('loaded', 0), ('held', 0), ('failed', 0), ('milliseconds', 0), ('bytes', 0), ('deaths', 0),
  ('inserted', 0), ('changed', 0), ('unchanged', 0), ('duplicate', 0), ('rejected', 0);

create function add_up_load() returns trigger language plpgsql as $$
begin
  if new.settled_at is distinct from old.settled_at and new.state in ('loaded', 'held', 'failed') then
    update load_total set amount = amount + case
      when name = new.state then 1
      when name = 'milliseconds' then greatest(0, new.settled_at - coalesce(new.loading_at, new.settled_at))
      when new.state <> 'loaded' then 0
      when name = 'bytes' then new.bytes
      else coalesce((new.load::jsonb ->> name)::bigint, 0) end;
  end if;
  if new.load_attempts > old.load_attempts and old.load_attempts > 0 then
    update load_total set amount = amount + 1 where name = 'deaths';
  end if;
  return null;
end $$;

create trigger load_added_up after update of settled_at, load_attempts on upload
  for each row execute function add_up_load();
