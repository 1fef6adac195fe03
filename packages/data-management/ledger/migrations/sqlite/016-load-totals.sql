-- What all loads have done since this table is there: monitoring reads it, whichever process made them. Only what is added up: replays count anew.

create table load_total (
  name text primary key,
  amount integer not null
) strict, without rowid;

insert into load_total values
  ('loaded', 0), ('held', 0), ('failed', 0), ('milliseconds', 0), ('bytes', 0), ('deaths', 0),
  ('inserted', 0), ('changed', 0), ('unchanged', 0), ('duplicate', 0), ('rejected', 0);

create trigger load_added_up after update of settled_at on upload
  when new.settled_at is not old.settled_at and new.state in ('loaded', 'held', 'failed') begin
  update load_total set amount = amount + case
    when name = new.state then 1
    when name = 'milliseconds' then max(0, new.settled_at - coalesce(new.loading_at, new.settled_at))
    when new.state <> 'loaded' then 0
    when name = 'bytes' then new.bytes
    else coalesce(new.load ->> name, 0) end;
end;

-- A load is begun while an earlier one of the same file has no end: that one ended its loader.
create trigger load_death_added_up after update of load_attempts on upload
  when new.load_attempts > old.load_attempts and old.load_attempts > 0 begin
  update load_total set amount = amount + 1 where name = 'deaths';
end;
