-- What a product is called by. What it is for stands in migrations/sqlite.
alter table label add column since bigint;
alter table listing add column head_id integer;

create index load_received on load (received_at);

create temp table dated on commit drop as
  select store_id, date, received_at, not from_first and (before is null or received_at < before) as is_earlier from (
    select *, lag(received_at) over of_store as before, row_number() over of_store = 1 as from_first from (
      select store_id, date, case when count(*) = 1 then min(load.received_at) end as received_at
      from scrape join load on load.id = load_id group by store_id, date
    ) as each_date window of_store as (partition by store_id order by date)
  ) as in_order;

update label set since = found.since from (
  select label_id, min(received_at) as since from (
    select label_id, received_at from label_run join dated
      on dated.store_id = label_run.store_id and dated.date = label_run.from_date
    union all
    select label_id, received_at from dated join label_run on label_run.store_id = dated.store_id
      and label_run.from_date < dated.date and (label_run.to_date is null or label_run.to_date >= dated.date)
      where is_earlier
    union all
    select label_id, load.received_at from contested join scrape on scrape.id = scrape_id join load on load.id = scrape.load_id
  ) as said where received_at is not null group by label_id
) as found where found.label_id = label.id;

insert into unsettled select id from listing where product_id <> id on conflict do nothing;
