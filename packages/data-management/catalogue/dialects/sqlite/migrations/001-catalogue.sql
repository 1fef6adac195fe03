-- The catalogue: what the loaded scrapes mean. Money is whole cents, dates are ISO text, times are milliseconds since 1970.
-- A column refers to another table by `references` where looking that up is cheap; elsewhere only by its name.

create table company (
  id integer primary key,
  code text not null unique, -- metadata.company
  name text -- metadata.company_name of the newest scrape that has one
) strict;

create table store (
  id integer primary key,
  company_id integer not null references company,
  code text not null, -- metadata.store_id, or metadata.store_name where there is none
  name text not null, -- of the newest scrape
  state text,
  unique (company_id, code)
) strict;

create table brand (
  id integer primary key,
  name text not null unique
) strict;

create table category (
  id integer primary key,
  parent_id integer, -- null: at the top
  name text not null
) strict;

create unique index category_path on category (coalesce(parent_id, 0), name);

-- What several listings have in common: the connected component of listings that ever shared a barcode or a name.
create table product (
  id integer primary key
) strict;

-- The barcodes and normalized names that lead to a product.
create table product_key (
  kind text not null check (kind in ('barcode', 'name')),
  value text not null,
  product_id integer not null,
  primary key (kind, value)
) strict, without rowid;

-- What one company sells under one SKU, or, of a row without SKU, under one normalized name.
create table listing (
  id integer primary key,
  company_id integer not null references company,
  by_name integer not null check (by_name in (0, 1)), -- 1: code is a normalized name
  code text not null,
  product_id integer references product,
  label_id integer, -- what the newest scrape that shows it says about it
  barcode text, -- once seen, kept until a newer one is seen
  unique (company_id, by_name, code)
) strict;

create index listing_product on listing (product_id);

-- What scrapes said about a listing, apart from its price. Few listings ever have more than one or two labels.
create table label (
  id integer primary key,
  listing_id integer not null references listing,
  hash integer not null, -- of all that follows
  name text not null,
  key text not null, -- normalized_name_brand_size
  brand_id integer,
  barcode text,
  size text,
  url text,
  image_url text,
  category_id integer,
  unique (listing_id, hash)
) strict;

-- The words of each listing's current label, and its company as a word of its own: what a search looks for (catalogue/words.ts
-- makes the words). The rowid is the listing's id. Without positions and without the text itself it stays small; the words that are
-- begun are answered from the lists of their first one, two and three letters.
create virtual table listing_words using fts5(
  words, content = '', contentless_delete = 1, detail = none, prefix = '1 2 3', tokenize = 'ascii'
);

-- The categories of a listing: the path of its current label, each step of it.
create table listing_category (
  listing_id integer not null references listing,
  category_id integer not null references category,
  primary key (listing_id, category_id)
) strict, without rowid;

-- One row a file, whatever became of it. It commits with the rows of the file: that is what makes loading exactly once.
create table load (
  id integer primary key,
  sha256 text not null unique,
  filename text not null,
  state text not null check (state in ('loaded', 'held', 'failed')),
  received_at integer not null,
  started_at integer not null,
  finished_at integer not null,
  rows integer not null,
  inserted integer not null,
  changed integer not null,
  unchanged integer not null,
  duplicate integer not null,
  rejected integer not null,
  warnings integer not null,
  runs_opened integer not null,
  runs_closed integer not null,
  problem text,
  check (state <> 'loaded' or rows = inserted + changed + unchanged + duplicate + rejected)
) strict;

create index load_finished on load (finished_at);

-- What one file says about one store on one date.
create table scrape (
  id integer primary key,
  store_id integer not null references store,
  date text not null,
  load_id integer not null references load,
  ranked_at integer not null, -- the latest scraped_at of its rows, else when the file was received: the later scrape wins
  listings integer not null, -- how many it shows
  store_name text not null,
  state text,
  company_name text,
  unique (store_id, date, load_id)
) strict;

create index scrape_load on scrape (load_id);
create index scrape_shown on scrape (store_id, date, listings, load_id); -- the dates of a store, without the table

-- How each store is scraped, by its latest dates: what the page asks of every store at once. It follows from `scrape` and `load`.
create table source (
  store_id integer primary key references store,
  last_date text not null,
  load_id integer not null, -- the latest file of that date
  rows integer not null,
  usual_days real, -- the median of the days from one date to the next; null: there is one date
  usual_rows real not null -- the median of the rows
) strict;

-- From this date to that date, every scrape of this store showed this listing with exactly these terms.
create table price_run (
  store_id integer not null,
  listing_id integer not null,
  from_date text not null,
  to_date text, -- null: up to the store's latest scrape
  price_cents integer not null,
  was_price_cents integer,
  is_on_special integer,
  is_available integer,
  primary key (store_id, listing_id, from_date)
) strict, without rowid;

create index price_run_open on price_run (store_id, listing_id) where to_date is null;

-- The same for what the scrapes of the store said about the listing.
create table label_run (
  listing_id integer not null,
  store_id integer not null,
  from_date text not null,
  to_date text,
  label_id integer not null,
  primary key (listing_id, store_id, from_date)
) strict, without rowid;

-- A store's date that more than one file describes: here each of those scrapes is kept whole, so that the later one wins row
-- by row whatever came first, and taking one out again brings the others back.
create table contested (
  scrape_id integer not null references scrape,
  listing_id integer not null,
  label_id integer not null,
  price_cents integer not null,
  was_price_cents integer,
  is_on_special integer,
  is_available integer,
  primary key (scrape_id, listing_id)
) strict, without rowid;

create table reject (
  load_id integer not null references load,
  line integer not null,
  code text not null,
  field text,
  reason text not null,
  raw blob, -- the first bytes of the line
  primary key (load_id, line)
) strict, without rowid;
