-- The prices of now apart by what is told of their availability: the lowest price of a product is one that can be paid. And which values
-- of that flag each company has now: where it is the same in every row, it tells nothing of any of them.
drop trigger price_run_begun;
drop trigger price_run_begun_anew;
drop trigger price_run_ended;
drop trigger price_run_removed;
drop table price_now;

create table price_now (
  listing_id integer not null,
  price_cents integer not null,
  availability integer not null check (availability in (-1, 0, 1)), -- is_available; -1: not told
  stores integer not null check (stores > 0),
  primary key (listing_id, price_cents, availability)
) strict, without rowid;

insert into price_now
  select listing_id, price_cents, coalesce(is_available, -1), count(*) from price_run where to_date is null group by 1, 2, 3;

create table availability_now (
  company_id integer not null,
  availability integer not null,
  prices integer not null check (prices > 0), -- how many of `price_now` say so
  primary key (company_id, availability)
) strict, without rowid;

insert into availability_now
  select company_id, availability, count(*) from price_now join listing on listing.id = listing_id group by 1, 2;

create trigger price_now_begun after insert on price_now begin
  insert into availability_now select company_id, new.availability, 1 from listing where id = new.listing_id
    on conflict do update set prices = prices + 1;
end;

create trigger price_now_ended after delete on price_now begin
  delete from availability_now where prices = 1 and availability = old.availability
    and company_id = (select company_id from listing where id = old.listing_id);
  update availability_now set prices = prices - 1 where prices > 1 and availability = old.availability
    and company_id = (select company_id from listing where id = old.listing_id);
end;

-- `insert or replace` would take a run away unseen: runs are written with `on conflict`.
create trigger price_run_begun after insert on price_run when new.to_date is null begin
  insert into price_now values (new.listing_id, new.price_cents, coalesce(new.is_available, -1), 1)
    on conflict do update set stores = stores + 1;
end;

create trigger price_run_begun_anew after update on price_run when new.to_date is null begin
  insert into price_now values (new.listing_id, new.price_cents, coalesce(new.is_available, -1), 1)
    on conflict do update set stores = stores + 1;
end;

create trigger price_run_ended after update on price_run when old.to_date is null begin
  delete from price_now where listing_id = old.listing_id and price_cents = old.price_cents
    and availability = coalesce(old.is_available, -1) and stores = 1;
  update price_now set stores = stores - 1 where listing_id = old.listing_id and price_cents = old.price_cents
    and availability = coalesce(old.is_available, -1) and stores > 1;
end;

create trigger price_run_removed after delete on price_run when old.to_date is null begin
  delete from price_now where listing_id = old.listing_id and price_cents = old.price_cents
    and availability = coalesce(old.is_available, -1) and stores = 1;
  update price_now set stores = stores - 1 where listing_id = old.listing_id and price_cents = old.price_cents
    and availability = coalesce(old.is_available, -1) and stores > 1;
end;
