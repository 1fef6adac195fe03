-- A load costs what the rows of its file cost, however many stores, companies and dates there are.

-- Lines of the newest scrape are not kept any more: real scrapes gained nothing by them.
drop table known_lines;
drop index listing_varied;
alter table listing drop column varied;

-- Store by store, as the price runs are: a scrape is read and written in one piece, not all over the table.
create table label_run_by_store (
  store_id integer not null,
  listing_id integer not null,
  from_date text not null,
  to_date text,
  label_id integer not null,
  primary key (store_id, listing_id, from_date)
) strict, without rowid;

insert into label_run_by_store
  select store_id, listing_id, from_date, to_date, label_id from label_run order by store_id, listing_id, from_date;
drop table label_run;
alter table label_run_by_store rename to label_run;

-- How many runs and contested rows have a label: one that none has any more is forgotten.
create table label_use (
  label_id integer primary key,
  uses integer not null
) strict;

insert into label_use
  select label_id, count(*) from (select label_id from label_run union all select label_id from contested) group by label_id;

-- Which showing a listing has its label from, and which its barcode: of a newer one it gets another, an older one changes nothing.
alter table listing add column label_date text;
alter table listing add column label_store_id integer;
alter table listing add column barcode_date text;
alter table listing add column barcode_store_id integer;

create temp table newest (
  listing_id integer not null,
  has_barcode integer not null,
  date text not null,
  store_id integer not null,
  primary key (listing_id, has_barcode)
);

insert into temp.newest
  select listing_id, has_barcode, until, store_id from (
    select run.listing_id, has_barcode, coalesce(run.to_date, latest.date) as until, run.store_id,
      row_number() over (
        partition by run.listing_id, has_barcode order by coalesce(run.to_date, latest.date) desc, store.code desc
      ) as place
    from (select 0 as has_barcode union all select 1) cross join label_run as run
    join label on label.id = run.label_id and (has_barcode = 0 or label.barcode is not null)
    join store on store.id = run.store_id
    join (select store_id, max(date) as date from scrape group by store_id) as latest on latest.store_id = run.store_id
  ) where place = 1;

update listing set label_date = newest.date, label_store_id = newest.store_id
  from temp.newest where newest.listing_id = listing.id and has_barcode = 0;
update listing set barcode_date = newest.date, barcode_store_id = newest.store_id
  from temp.newest where newest.listing_id = listing.id and has_barcode = 1;
drop table temp.newest;

-- The same for the name of a company.
alter table company add column named_by integer; -- the scrape that it has its name from

create index scrape_company_name on scrape (store_id, date) where company_name is not null;

update company set named_by = (
  select scrape.id from scrape join load on load.id = load_id join store on store.id = store_id
  where store.company_id = company.id and scrape.company_name is not null
  order by date desc, store.code desc, ranked_at desc, load.sha256 desc limit 1);

-- What an undone load alone had named is looked for by these.
create index label_brand on label (brand_id);
create index label_category on label (category_id);
create index product_key_product on product_key (product_id);
