-- Which listings are one product follows from what they say now, and from what people have said. What the tables and columns mean stands in
-- migrations/sqlite/012-products.sql.

create table listing_key (
  kind smallint not null,
  value text collate "C" not null,
  silent smallint not null,
  company_id integer not null,
  listing_id integer not null,
  primary key (kind, value, silent, company_id, listing_id)
);

create index listing_key_listing on listing_key (listing_id);

create table unsettled (
  listing_id integer primary key
);

create table verdict (
  company text collate "C" not null,
  by_name smallint not null,
  code text collate "C" not null,
  other_company text collate "C" not null,
  other_by_name smallint not null,
  other_code text collate "C" not null,
  is_same smallint not null check (is_same in (0, 1)),
  primary key (company, by_name, code, other_company, other_by_name, other_code)
);

insert into unsettled select id from listing;

update listing set product_id = least.id
  from (select product_id, min(id) as id from listing group by product_id) as least
  where least.product_id = listing.product_id and listing.product_id <> least.id;

drop table product_key;
drop table product;
