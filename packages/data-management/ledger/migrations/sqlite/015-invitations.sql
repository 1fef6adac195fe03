-- Codes that make a key for whoever brings one first, within minutes. Of a code only the SHA-256 is stored.
create table invitation (
  code_sha256 text primary key,
  name text not null,
  scopes text not null,
  only_for text,
  only_from text,
  key_expires_at integer,
  created_at integer not null,
  expires_at integer not null,
  used_at integer,
  key_id text
) strict;
