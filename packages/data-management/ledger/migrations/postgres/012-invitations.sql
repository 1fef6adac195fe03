-- Codes that make a key for whoever brings one first, within minutes (migrations/sqlite/015-invitations.sql).
create table invitation (
  code_sha256 text collate "C" primary key,
  name text not null,
  scopes text not null,
  only_for text,
  only_from text,
  key_expires_at bigint,
  created_at bigint not null,
  expires_at bigint not null,
  used_at bigint,
  key_id text collate "C"
);
