-- What each scraping machine said of itself last, by its key (migrations/sqlite/020-machine-reports.sql).
create table machine_report (
  key_id text collate "C" primary key,
  heard_at bigint not null,
  skew_ms bigint not null,
  version text not null,
  platform text not null,
  arch text not null,
  waiting_files bigint not null,
  waiting_bytes bigint not null,
  refused_files bigint not null
);
