-- Labels of a listing are told apart by 132 bits of the SHA-256 of their texts; `hash`, 48 bits of their SHA-1, only finds them quickly. One
-- without a digest is older than this: it is compared by its text, and gets its digest, when a file says it again.
alter table label add column digest text collate "C";
alter table label add unique (listing_id, hash, digest);
alter table label drop constraint label_listing_id_hash_key;
