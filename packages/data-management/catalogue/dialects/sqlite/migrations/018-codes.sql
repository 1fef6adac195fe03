-- Codes of companies and stores are compared trimmed, composed and without regard to case (`fold_code` is the program's own): `code` is what
-- is compared, `shown` what the newest file writes. Of companies or stores that were kept apart and are one by this, the one that has such a
-- code already, else the oldest, goes on; the others keep what they have, and what comes from now on goes to that one.
alter table company add column shown text not null default '';
alter table company add column shown_by integer; -- the scrape that writes it so
alter table store add column shown text not null default '';
alter table scrape add column company_code text not null default ''; -- as the file writes them
alter table scrape add column store_code text not null default '';

update scrape set (company_code, store_code) = (
  select company.code, store.code from store join company on company.id = store.company_id where store.id = scrape.store_id);
update company set shown = code, shown_by = (
  select scrape.id from scrape join load on load.id = load_id join store on store.id = store_id where store.company_id = company.id
  order by date desc, store.code desc, ranked_at desc, load.sha256 desc limit 1);
update store set shown = code;

update company set code = fold_code(code) where code <> fold_code(code) and id = (
  select other.id from company as other where fold_code(other.code) = fold_code(company.code)
  order by other.code = fold_code(other.code) desc, other.id limit 1);
update store set code = fold_code(code) where code <> fold_code(code) and id = (
  select other.id from store as other
  where other.company_id = store.company_id and fold_code(other.code) = fold_code(store.code)
  order by other.code = fold_code(other.code) desc, other.id limit 1);

create index company_shown on company (shown);
create index store_shown on store (company_id, shown);
-- A GTIN of restricted circulation stands with the code of its company.
insert or ignore into unsettled select listing.id from listing join company on company.id = company_id where shown <> company.code;
