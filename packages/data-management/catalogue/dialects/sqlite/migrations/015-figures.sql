-- The figures of the columns of each scrape, as JSON: later ones are compared with them (packages/shared/truth/figures.ts). Scrapes of
-- before have none, and nothing is compared with those.
create table figures (
  scrape_id integer primary key references scrape on delete cascade,
  company_id integer not null,
  store_id integer not null,
  date text not null,
  figures text not null
) strict;

create index figures_near on figures (company_id, date, store_id);

-- What is said of the scrapes of a file: the rules that held it, and what was found in it, as JSON.
alter table load add column verdicts text;
