-- Changes of price by the names of categories, at any level, in the order in which they are asked for; and how many there are. Both follow
-- from `price_change`, where triggers write them. A shelf is the set of names of the categories that a listing stands in: unlike a category
-- it is never forgotten, so that a line is taken from where it was put, whatever its listing says since.
create table category_name (
  id integer primary key,
  name text not null unique
) strict;

create table shelf (
  id integer primary key,
  key text not null unique -- SHA-256 of the names
) strict;

create table shelf_category (
  shelf_id integer not null references shelf,
  name_id integer not null references category_name,
  primary key (shelf_id, name_id)
) strict, without rowid;

-- The shelf below whose names a line is kept; null: below none yet.
alter table price_change add column shelf_id integer;

-- The listings whose lines may have to be put on another shelf. `marks`: how often that was said.
create table shelf_pending (
  listing_id integer primary key,
  marks integer not null
) strict;

insert into shelf_pending select distinct listing_id, 1 from price_change;

create table category_change (
  name_id integer not null,
  date text not null,
  kind text not null,
  by_share integer not null,
  by_cents integer not null,
  listing_id integer not null,
  from_cents integer not null,
  to_cents integer not null,
  company_id integer not null,
  primary key (name_id, date, kind, by_share, by_cents, listing_id, from_cents, to_cents)
) strict, without rowid;

create index category_change_cents
  on category_change (name_id, date, kind, by_cents, by_share, listing_id, from_cents, to_cents, company_id);

-- A record whose lines are gone stays, with 0.
create table category_change_day (
  name_id integer not null,
  date text not null,
  company_id integer not null,
  kind text not null,
  lines integer not null,
  stores integer not null,
  primary key (name_id, date, company_id, kind)
) strict, without rowid;

create trigger price_change_unshelved after insert on price_change when new.shelf_id is null begin
  insert into shelf_pending values (new.listing_id, 1) on conflict do update set marks = marks + 1;
end;

create trigger price_change_shelved after update of shelf_id on price_change when new.shelf_id is not old.shelf_id begin
  delete from category_change where name_id in (select name_id from shelf_category where shelf_id = old.shelf_id)
    and date = old.date and kind = old.kind and by_share = old.by_share and by_cents = old.by_cents
    and listing_id = old.listing_id and from_cents = old.from_cents and to_cents = old.to_cents;
  update category_change_day set lines = lines - 1, stores = stores - old.stores
    where name_id in (select name_id from shelf_category where shelf_id = old.shelf_id)
    and date = old.date and company_id = old.company_id and kind = old.kind;
  insert into category_change
    select name_id, new.date, new.kind, new.by_share, new.by_cents, new.listing_id, new.from_cents, new.to_cents, new.company_id
    from shelf_category where shelf_id = new.shelf_id;
  insert into category_change_day
    select name_id, new.date, new.company_id, new.kind, 1, new.stores from shelf_category where shelf_id = new.shelf_id
    on conflict do update set lines = lines + 1, stores = stores + excluded.stores;
end;

create trigger price_change_counted after update of stores on price_change when new.stores <> old.stores begin
  update category_change_day set stores = stores + new.stores - old.stores
    where name_id in (select name_id from shelf_category where shelf_id = new.shelf_id)
    and date = new.date and company_id = new.company_id and kind = new.kind;
end;

create trigger price_change_removed after delete on price_change when old.shelf_id is not null begin
  delete from category_change where name_id in (select name_id from shelf_category where shelf_id = old.shelf_id)
    and date = old.date and kind = old.kind and by_share = old.by_share and by_cents = old.by_cents
    and listing_id = old.listing_id and from_cents = old.from_cents and to_cents = old.to_cents;
  update category_change_day set lines = lines - 1, stores = stores - old.stores
    where name_id in (select name_id from shelf_category where shelf_id = old.shelf_id)
    and date = old.date and company_id = old.company_id and kind = old.kind;
end;
