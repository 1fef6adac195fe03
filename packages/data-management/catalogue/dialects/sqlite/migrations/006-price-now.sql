-- What is asked for each listing now, and by how many stores: the open price runs, counted. A product list tells the lowest and the
-- highest price of a hundred products; to look at the run of each in every store takes a second where there are thousands of stores.
create table price_now (
  listing_id integer not null,
  price_cents integer not null,
  stores integer not null check (stores > 0),
  primary key (listing_id, price_cents)
) strict, without rowid;

insert into price_now
  select listing_id, price_cents, count(*) from price_run where to_date is null group by listing_id, price_cents;

-- `insert or replace` would take a run away unseen: runs are written with `on conflict`.
create trigger price_run_begun after insert on price_run when new.to_date is null begin
  insert into price_now values (new.listing_id, new.price_cents, 1) on conflict do update set stores = stores + 1;
end;

create trigger price_run_begun_anew after update on price_run when new.to_date is null begin
  insert into price_now values (new.listing_id, new.price_cents, 1) on conflict do update set stores = stores + 1;
end;

create trigger price_run_ended after update on price_run when old.to_date is null begin
  delete from price_now where listing_id = old.listing_id and price_cents = old.price_cents and stores = 1;
  update price_now set stores = stores - 1 where listing_id = old.listing_id and price_cents = old.price_cents and stores > 1;
end;

create trigger price_run_removed after delete on price_run when old.to_date is null begin
  delete from price_now where listing_id = old.listing_id and price_cents = old.price_cents and stores = 1;
  update price_now set stores = stores - 1 where listing_id = old.listing_id and price_cents = old.price_cents and stores > 1;
end;
