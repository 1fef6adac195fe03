-- Codes are compared trimmed, composed and without regard to case. What the columns mean stands in migrations/sqlite/018-codes.sql; the codes
-- themselves are folded by the program (fold-codes.ts), which finds those that are not by an empty `shown`.
alter table company add column shown text collate "C" not null default '';
alter table company add column shown_by bigint;
alter table store add column shown text collate "C" not null default '';
alter table scrape add column company_code text collate "C" not null default '';
alter table scrape add column store_code text collate "C" not null default '';

update scrape set company_code = company.code, store_code = store.code
  from store join company on company.id = store.company_id where store.id = scrape.store_id;
update company set shown_by = (
  select scrape.id from scrape join load on load.id = load_id join store on store.id = store_id where store.company_id = company.id
  order by date desc, store.code desc, ranked_at desc, load.sha256 desc limit 1);

create index company_shown on company (shown);
create index store_shown on store (company_id, shown);
