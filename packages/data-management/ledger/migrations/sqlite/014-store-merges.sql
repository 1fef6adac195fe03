-- Shops that people know under two codes: what files say of `code` is kept as if they said it of `into_code`. Codes are folded. A merge that is
-- undone stays on record.
create table store_merge (
  id integer primary key,
  company text not null,
  code text not null,
  into_code text not null,
  at integer not null,
  who text not null,
  reason text,
  undone_at integer,
  undone_by text
) strict;
