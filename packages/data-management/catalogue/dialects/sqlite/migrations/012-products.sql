-- Which listings are one product follows from what they say now, and from what people have said. The number of a product is the smallest id of
-- its listings, so that a table of products has nothing to tell.

-- The keys of listings: what may join each of them with others.
create table listing_key (
  kind integer not null, -- 1: value is a GTIN, of restricted circulation with the company's code behind it; 2: a normalized name
  value text not null,
  silent integer not null, -- 0: it joins; else why it joins none of the company's listings (catalogue/model/identity.ts)
  company_id integer not null,
  listing_id integer not null,
  primary key (kind, value, silent, company_id, listing_id)
) strict, without rowid;

create index listing_key_listing on listing_key (listing_id);

-- The listings whose keys and product have yet to be found: the next load, or whoever opens the catalogue to load, does so.
create table unsettled (
  listing_id integer primary key
) strict;

-- What people have said of two listings, by their own names, in both directions. It follows from the ledger.
create table verdict (
  company text not null,
  by_name integer not null,
  code text not null,
  other_company text not null,
  other_by_name integer not null,
  other_code text not null,
  is_same integer not null check (is_same in (0, 1)),
  primary key (company, by_name, code, other_company, other_by_name, other_code)
) strict, without rowid;

insert into unsettled select id from listing;

drop index listing_product;
alter table listing add column least_id integer;
update listing set least_id = least.id
  from (select product_id, min(id) as id from listing group by product_id) as least
  where least.product_id is listing.product_id;
alter table listing drop column product_id;
alter table listing rename column least_id to product_id;
create index listing_product on listing (product_id);

drop table product_key;
drop table product;
