-- Of which kind the files of an upload are (packages/shared/kinds.ts): it says in which folders they lie, and who loads them. Files of the
-- same name may wait in the inboxes of two kinds. What the program does not load itself ends as `delivered`.

alter table upload add column kind text not null default 'products';
alter table arriving add column kind text not null default 'products';

-- Another check of a column needs another column. Nothing but the check changes: no change is told, and nothing is counted anew.
drop trigger upload_changed;
drop trigger upload_counted;
drop trigger upload_counted_anew;
drop trigger upload_counted_no_more;
drop index upload_state;

alter table upload rename column state to state_before;
alter table upload add column state text not null default 'accepted'
  check (state in ('accepted', 'loading', 'loaded', 'held', 'failed', 'delivered'));
update upload set state = state_before where state_before <> 'accepted';
alter table upload drop column state_before;

create index upload_state on upload (state, id);

create trigger upload_changed after update on upload begin
  insert into upload_change (upload_id) values (new.id);
end;

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
