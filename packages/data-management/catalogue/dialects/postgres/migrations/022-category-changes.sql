-- Changes of price by the names of categories; what the tables and columns mean stands in migrations/sqlite/030-category-changes.sql.
create table category_name (
  id serial primary key,
  name text collate "C" not null unique
);

create table shelf (
  id serial primary key,
  key text collate "C" not null unique
);

create table shelf_category (
  shelf_id integer not null references shelf,
  name_id integer not null references category_name,
  primary key (shelf_id, name_id)
);

alter table price_change add column shelf_id integer;

create table shelf_pending (
  listing_id integer primary key,
  marks integer not null
);

insert into shelf_pending select distinct listing_id, 1 from price_change;

create table category_change (
  name_id integer not null,
  date text collate "C" not null,
  kind text collate "C" not null,
  by_share bigint not null,
  by_cents integer not null,
  listing_id integer not null,
  from_cents integer not null,
  to_cents integer not null,
  company_id integer not null,
  primary key (name_id, date, kind, by_share, by_cents, listing_id, from_cents, to_cents) include (company_id)
);

create index category_change_cents
  on category_change (name_id, date, kind, by_cents, by_share, listing_id, from_cents, to_cents) include (company_id);

create table category_change_day (
  name_id integer not null,
  date text collate "C" not null,
  company_id integer not null,
  kind text collate "C" not null,
  lines integer not null,
  stores integer not null,
  primary key (name_id, date, company_id, kind)
);

create function mark_unshelved() returns trigger language plpgsql as $$
begin
  insert into shelf_pending select distinct listing_id, 1 from new_lines where shelf_id is null order by 1
    on conflict (listing_id) do update set marks = shelf_pending.marks + 1;
  return null;
end $$;

create trigger price_change_unshelved after insert on price_change referencing new table as new_lines
  for each statement execute function mark_unshelved();

create function unshelve() returns trigger language plpgsql as $$
begin
  delete from category_change using old_lines as line join shelf_category on shelf_category.shelf_id = line.shelf_id
    where category_change.name_id = shelf_category.name_id and category_change.date = line.date and category_change.kind = line.kind
      and category_change.by_share = line.by_share and category_change.by_cents = line.by_cents
      and category_change.listing_id = line.listing_id
      and category_change.from_cents = line.from_cents and category_change.to_cents = line.to_cents;
  -- In their order, so that nobody waits for somebody who waits for him.
  insert into category_change_day
    select name_id, date, company_id, kind, -count(*), -sum(stores)
    from old_lines as line join shelf_category on shelf_category.shelf_id = line.shelf_id group by 1, 2, 3, 4 order by 1, 2, 3, 4
    on conflict (name_id, date, company_id, kind) do update
      set lines = category_change_day.lines + excluded.lines, stores = category_change_day.stores + excluded.stores;
  return null;
end $$;

create trigger price_change_removed after delete on price_change referencing old table as old_lines
  for each statement execute function unshelve();

create function reshelve() returns trigger language plpgsql as $$
begin
  delete from category_change using old_lines as line join new_lines as now using (date, kind, by_share, by_cents, listing_id, from_cents, to_cents)
      join shelf_category on shelf_category.shelf_id = line.shelf_id
    where line.shelf_id is distinct from now.shelf_id
      and category_change.name_id = shelf_category.name_id and category_change.date = line.date and category_change.kind = line.kind
      and category_change.by_share = line.by_share and category_change.by_cents = line.by_cents
      and category_change.listing_id = line.listing_id
      and category_change.from_cents = line.from_cents and category_change.to_cents = line.to_cents;
  insert into category_change
    select name_id, date, kind, by_share, by_cents, listing_id, from_cents, to_cents, now.company_id
    from new_lines as now join old_lines as line using (date, kind, by_share, by_cents, listing_id, from_cents, to_cents)
      join shelf_category on shelf_category.shelf_id = now.shelf_id
    where line.shelf_id is distinct from now.shelf_id;
  insert into category_change_day
    select name_id, date, company_id, kind, sum(lines), sum(stores) from (
      select date, company_id, kind, shelf_id, -1 as lines, -stores as stores from old_lines
      union all
      select date, company_id, kind, shelf_id, 1, stores from new_lines
    ) as line join shelf_category on shelf_category.shelf_id = line.shelf_id group by 1, 2, 3, 4 order by 1, 2, 3, 4
    on conflict (name_id, date, company_id, kind) do update
      set lines = category_change_day.lines + excluded.lines, stores = category_change_day.stores + excluded.stores;
  return null;
end $$;

create trigger price_change_shelved after update on price_change referencing old table as old_lines new table as new_lines
  for each statement execute function reshelve();

-- `splitcart migrate` marked no date of the history that it moved here.
insert into change_pending select company_id, store.id, min(date), 1 from store join scrape on store_id = store.id group by store.id, company_id
  on conflict do nothing;
