-- Labels of a listing are told apart by 132 bits of the SHA-256 of their texts; `hash`, 48 bits of their SHA-1, only finds them quickly. One
-- without a digest is older than this: it is compared by its text, and gets its digest, when a file says it again.
create table label_with_digest (
  id integer primary key,
  listing_id integer not null references listing,
  hash integer not null,
  name text not null,
  key text not null, -- normalized_name_brand_size
  brand_id integer,
  barcode text,
  size text,
  url text,
  image_url text,
  category_id integer,
  digest text,
  unique (listing_id, hash, digest)
) strict;

insert into label_with_digest
  select id, listing_id, hash, name, key, brand_id, barcode, size, url, image_url, category_id, null from label order by id;
drop table label;
alter table label_with_digest rename to label;
create index label_brand on label (brand_id);
create index label_category on label (category_id);
