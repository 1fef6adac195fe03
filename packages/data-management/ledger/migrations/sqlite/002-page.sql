-- What the page needs: sessions, a note of every change of an upload, and when each load began.

-- A browser that signed in with a key. It has a random token as its cookie, of which only the SHA-256 is kept.
create table session (
  token_sha256 text primary key,
  key_id text not null, -- 'settings': the key of API_SECRET_KEY
  key_mark text not null, -- SHA-256 of the token and the key's own SHA-256: another key under the same id is not this one
  created_at integer not null,
  expires_at integer not null
) strict, without rowid;

create index session_key on session (key_id, created_at);

alter table upload add column loading_at integer; -- when its latest load began

-- The latest changes of uploads, in their order: who listens to them asks for those behind the last one he knows.
create table upload_change (
  id integer primary key,
  upload_id text not null
) strict;

create trigger upload_arrived after insert on upload begin
  insert into upload_change (upload_id) values (new.id);
end;

create trigger upload_changed after update on upload begin
  insert into upload_change (upload_id) values (new.id);
end;

create trigger upload_forgotten after delete on upload begin
  insert into upload_change (upload_id) values (old.id);
end;

create trigger upload_sent_again after update on delivery begin
  insert into upload_change (upload_id) values (new.upload_id);
end;

-- The last one is never removed, so no number is given twice.
create trigger upload_change_bounded after insert on upload_change begin
  delete from upload_change where id <= new.id - 10000;
end;

create index audit_backup on audit (id) where what = 'backup made';
