-- What a product is called by: the listing that has said longest what joins it with those of other companies (catalogue/model/heading.ts).
alter table label add column since integer; -- when the first of the files that say it was received; null: none does any more
alter table listing add column head_id integer; -- of the listing whose id is the product's number: the one it is called by; null: that one itself

create index load_received on load (received_at);

-- Of a date with several files each is kept whole. Of the others, only those dates of a run can have the earliest file that it begins with,
-- or before which one was received later, or several were.
create temp table dated (store_id integer not null, date text not null, received_at integer, is_earlier integer, primary key (store_id, date));
insert into temp.dated
  select store_id, date, received_at, coalesce(received_at < before or before is null, 0) and from_first = 0 from (
    select *, lag(received_at) over of_store as before, row_number() over of_store = 1 as from_first from (
      select store_id, date, case when count(*) = 1 then min(load.received_at) end as received_at
      from scrape join load on load.id = load_id group by store_id, date
    ) window of_store as (partition by store_id order by date)
  );

update label set since = found.since from (
  select label_id, min(received_at) as since from (
    select label_id, received_at from label_run join temp.dated as dated
      on dated.store_id = label_run.store_id and dated.date = label_run.from_date
    union all
    select label_id, received_at from temp.dated as dated join label_run on label_run.store_id = dated.store_id
      and label_run.from_date < dated.date and (label_run.to_date is null or label_run.to_date >= dated.date)
      where is_earlier = 1
    union all
    select label_id, load.received_at from contested join scrape on scrape.id = scrape_id join load on load.id = scrape.load_id
  ) where received_at is not null group by label_id
) as found where found.label_id = label.id;
drop table temp.dated;

insert or ignore into unsettled select id from listing where product_id <> id;
