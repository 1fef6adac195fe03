-- Rows as shops write them: what is sold out has no price, and what was left out of rows is told.

-- A price may be missing. A column can be made so only in a new table; what counts the prices of now lets it go and takes it up again.
drop trigger price_run_begun;
drop trigger price_run_begun_anew;
drop trigger price_run_ended;
drop trigger price_run_removed;

create table price_run_without (
  store_id integer not null,
  listing_id integer not null,
  from_date text not null,
  to_date text, -- null: up to the store's latest scrape
  price_cents integer, -- null: seen, not available, without a price
  was_price_cents integer,
  is_on_special integer,
  is_available integer,
  primary key (store_id, listing_id, from_date)
) strict, without rowid;

insert into price_run_without select * from price_run order by store_id, listing_id, from_date;
drop table price_run;
alter table price_run_without rename to price_run;

create table contested_without (
  scrape_id integer not null references scrape,
  listing_id integer not null,
  label_id integer not null,
  price_cents integer,
  was_price_cents integer,
  is_on_special integer,
  is_available integer,
  primary key (scrape_id, listing_id)
) strict, without rowid;

insert into contested_without select * from contested order by scrape_id, listing_id;
drop table contested;
alter table contested_without rename to contested;

-- The prices of now: a run without one is none of them. That a store shows the listing is counted all the same, as a price of -1.
create trigger price_run_begun after insert on price_run when new.to_date is null begin
  insert into price_now values (new.listing_id, coalesce(new.price_cents, -1), coalesce(new.is_available, -1), 1)
    on conflict do update set stores = stores + 1;
end;

create trigger price_run_begun_anew after update on price_run when new.to_date is null begin
  insert into price_now values (new.listing_id, coalesce(new.price_cents, -1), coalesce(new.is_available, -1), 1)
    on conflict do update set stores = stores + 1;
end;

create trigger price_run_ended after update on price_run when old.to_date is null begin
  delete from price_now where listing_id = old.listing_id and price_cents = coalesce(old.price_cents, -1)
    and availability = coalesce(old.is_available, -1) and stores = 1;
  update price_now set stores = stores - 1 where listing_id = old.listing_id and price_cents = coalesce(old.price_cents, -1)
    and availability = coalesce(old.is_available, -1) and stores > 1;
end;

create trigger price_run_removed after delete on price_run when old.to_date is null begin
  delete from price_now where listing_id = old.listing_id and price_cents = coalesce(old.price_cents, -1)
    and availability = coalesce(old.is_available, -1) and stores = 1;
  update price_now set stores = stores - 1 where listing_id = old.listing_id and price_cents = coalesce(old.price_cents, -1)
    and availability = coalesce(old.is_available, -1) and stores > 1;
end;

-- Fields that were left out of rows, and why, and fields that are not known, as JSON; null: there are none.
alter table load add column remarks text;
