-- A load costs what the rows of its file cost, however many stores, companies and dates there are. What the columns mean stands in
-- migrations/sqlite/008-newest-showing.sql.

alter table label_run drop constraint label_run_pkey;
alter table label_run add primary key (store_id, listing_id, from_date);

create table label_use (
  label_id integer primary key,
  uses integer not null
) with (fillfactor = 50);

insert into label_use
  select label_id, count(*) from (select label_id from label_run union all select label_id from contested) as used group by label_id;

alter table listing add column label_date text collate "C";
alter table listing add column label_store_id integer;
alter table listing add column barcode_date text collate "C";
alter table listing add column barcode_store_id integer;
-- Each scrape that shows a listing may change it: the new version finds room beside the old one, and no index changes.
alter table listing set (fillfactor = 50);

create temp table newest on commit drop as
  select listing_id, has_barcode, until as date, store_id from (
    select run.listing_id, has_barcode, coalesce(run.to_date, latest.date) as until, run.store_id,
      row_number() over (
        partition by run.listing_id, has_barcode order by coalesce(run.to_date, latest.date) desc, store.code desc
      ) as place
    from (values (0), (1)) as kind (has_barcode) cross join label_run as run
    join label on label.id = run.label_id and (has_barcode = 0 or label.barcode is not null)
    join store on store.id = run.store_id
    join (select store_id, max(date) as date from scrape group by store_id) as latest on latest.store_id = run.store_id
  ) as showing where place = 1;

update listing set label_date = newest.date, label_store_id = newest.store_id
  from newest where newest.listing_id = listing.id and has_barcode = 0;
update listing set barcode_date = newest.date, barcode_store_id = newest.store_id
  from newest where newest.listing_id = listing.id and has_barcode = 1;

alter table company add column named_by bigint;

update company set named_by = (
  select scrape.id from scrape join load on load.id = load_id join store on store.id = store_id
  where store.company_id = company.id and scrape.company_name is not null
  order by date desc, store.code desc, ranked_at desc, load.sha256 desc limit 1);

create index label_brand on label (brand_id);
create index label_category on label (category_id);
