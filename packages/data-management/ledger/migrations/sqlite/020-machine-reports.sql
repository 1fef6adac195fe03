-- What each scraping machine said of itself last, by its key. The texts are the machine's own.
create table machine_report (
  key_id text primary key,
  heard_at integer not null,
  skew_ms integer not null, -- The server's clock minus the machine's; the time that the request took is in it.
  version text not null,
  platform text not null,
  arch text not null,
  waiting_files integer not null,
  waiting_bytes integer not null,
  refused_files integer not null
) strict, without rowid;
