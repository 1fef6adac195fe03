-- The ledger: what was delivered. A file of its own, so that accepting an upload never waits for a load.

create table upload (
  id text primary key, -- a UUID whose order is that of time (RFC 9562, version 7)
  sha256 text not null unique, -- of the decoded bytes: this is what an upload is, whatever its name
  filename text not null, -- as it was sent, without .gz
  stored_as text not null, -- its name in the inbox
  bytes integer not null,
  lines integer not null,
  wire_bytes integer, -- null: found in the inbox, copied there by hand
  received_at integer not null,
  state text not null check (state in ('accepted', 'loading', 'loaded', 'held', 'failed')),
  load text, -- what loading it did, as JSON, once it is final
  settled_at integer,
  wish text check (wish in ('load', 'undo', 'discard')), -- what a person wants done with it; update-db does it and clears this
  wished_by text,
  wish_reason text
) strict, without rowid;

create index upload_state on upload (state, id);
create index upload_wish on upload (wish) where wish is not null;
create index upload_stored_as on upload (stored_as);

-- Who sent an upload, also again. A key without the scope `read` may ask about what it sent itself.
create table delivery (
  upload_id text not null references upload,
  key_id text not null,
  first_at integer not null,
  last_at integer not null,
  times integer not null,
  primary key (upload_id, key_id)
) strict, without rowid;

-- How much a key has sent on a day.
create index delivery_key on delivery (key_id, first_at);

create table api_key (
  id text primary key,
  name text not null,
  secret_sha256 text not null, -- the key itself is shown once and stored nowhere
  scopes text not null, -- upload, read, admin: separated by commas
  only_for text, -- companies, or stores as company/store, separated by newlines; null: all
  rotated_to text, -- the id of the key that replaces it
  created_at integer not null,
  expires_at integer,
  revoked_at integer,
  last_used_at integer,
  last_used_from text
) strict, without rowid;

create table audit (
  id integer primary key,
  at integer not null,
  who text not null, -- a key's id, or the user of the command line
  what text not null,
  about text not null,
  detail text
) strict;
