-- What the page asks of many loads at once, and what it says about those that are held.

-- What applying a held file would have changed when it was held, as JSON.
create table hold_preview (
  load_id integer primary key references load on delete cascade,
  preview text not null
) strict;

-- The rejects of a load, counted: the rejects themselves are too many to be counted while somebody waits.
create table reject_group (
  load_id integer not null references load on delete cascade,
  code text not null,
  field text not null, -- '' where there is none
  reason text not null,
  count integer not null,
  first_line integer not null,
  company text, -- of the whole file, where it has one; it stays when the load is taken out again
  store_id text,
  store_name text,
  primary key (load_id, code, field, reason)
) strict, without rowid;

insert into reject_group
  with source_of as (
    select load_id, count(distinct company.id) as companies, count(distinct store.id) as stores,
      max(company.code) as company, max(store.code) as store_id, max(store.name) as store_name
    from scrape join store on store.id = scrape.store_id join company on company.id = store.company_id group by load_id
  )
  select reject.load_id, code, coalesce(field, ''), reason, count(*), min(line),
    case companies when 1 then company end, case stores when 1 then store_id end, case stores when 1 then store_name end
  from reject left join source_of using (load_id) group by reject.load_id, code, coalesce(field, ''), reason;
