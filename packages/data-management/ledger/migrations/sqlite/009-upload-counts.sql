-- How many uploads are in each state, and their bytes: kept, because whoever asks must not wait until half a million are counted.

create table upload_count (
  state text primary key,
  files integer not null,
  bytes integer not null
) strict, without rowid;

insert into upload_count select state, count(*), sum(bytes) from upload group by state;

create trigger upload_counted after insert on upload begin
  insert into upload_count values (new.state, 1, new.bytes)
    on conflict (state) do update set files = files + 1, bytes = bytes + excluded.bytes;
end;

create trigger upload_counted_anew after update of state, bytes on upload
  when new.state <> old.state or new.bytes <> old.bytes begin
  update upload_count set files = files - 1, bytes = bytes - old.bytes where state = old.state;
  insert into upload_count values (new.state, 1, new.bytes)
    on conflict (state) do update set files = files + 1, bytes = bytes + excluded.bytes;
end;

create trigger upload_counted_no_more after delete on upload begin
  update upload_count set files = files - 1, bytes = bytes - old.bytes where state = old.state;
end;
