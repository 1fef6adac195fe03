/**
 * Loading scrapes with DuckDB, as well as we know how: the files are read by it alone, with the types of the columns given, and
 * products and prices are upserted from what was read, in one transaction. Which rows are good is asked as simply as possible.
 */
import type { Facts } from '../compare.ts'

type Connection = Readonly<{
  run: (sql: string) => Promise<unknown>
  runAndReadAll: (sql: string) => Promise<{ getRows: () => unknown[][] }>
  closeSync: () => void
}>
type Instance = Readonly<{ connect: () => Promise<Connection>; closeSync: () => void }>

// Not a literal: it is installed next to this file by the first run of the suite, and nobody else has it.
const PACKAGE: string = '@duckdb/node-api'

const SCHEMA = `
  create table product (
    company varchar, code varchar, name varchar, key varchar, brand varchar, barcode varchar, size varchar, url varchar,
    image_url varchar, category varchar[], primary key (company, code)
  );
  create table price (
    company varchar, store varchar, code varchar, date date, price decimal(8, 2), was_price decimal(8, 2),
    is_on_special boolean, is_available boolean, primary key (company, store, code, date)
  );
`

const COLUMNS = `{
  product: 'STRUCT(sku VARCHAR, name VARCHAR, brand VARCHAR, barcode VARCHAR, size VARCHAR, url VARCHAR, image_url VARCHAR,
    category_path VARCHAR[], price_current DECIMAL(8, 2), price_was DECIMAL(8, 2), is_on_special BOOLEAN, is_available BOOLEAN,
    normalized_name_brand_size VARCHAR)',
  metadata: 'STRUCT(company VARCHAR, store_name VARCHAR, store_id VARCHAR, scraped_date DATE)'
}`

function loadOf(files: readonly string[]): string {
  const names = files.map((file) => `'${file.replaceAll("'", "''")}'`).join(', ')
  return `
    begin;
    create temp table read as
      select metadata.company as company, coalesce(metadata.store_id, metadata.store_name) as store,
        metadata.scraped_date as date, coalesce(product.sku, product.normalized_name_brand_size) as code, product
      from read_ndjson([${names}], columns = ${COLUMNS})
      where product.name is not null and product.normalized_name_brand_size is not null and product.price_current is not null;
    insert into product
      select distinct on (company, code) company, code, product.name, product.normalized_name_brand_size, product.brand,
        product.barcode, product.size, product.url, product.image_url, product.category_path
      from read order by date desc
      on conflict do update set name = excluded.name, key = excluded.key, brand = excluded.brand,
        barcode = coalesce(excluded.barcode, barcode), size = excluded.size, url = excluded.url,
        image_url = excluded.image_url, category = excluded.category;
    insert into price
      select company, store, code, date, product.price_current, product.price_was, product.is_on_special, product.is_available
      from read
      on conflict do nothing;
    drop table read;
    commit;
  `
}

/** Makes an empty database. */
export async function makeDuckdb(database: string): Promise<void> {
  await inDuckdb(database, (connection) => connection.run(SCHEMA))
}

/** Loads files into a database. */
export async function loadWithDuckdb(database: string, files: readonly string[]): Promise<void> {
  await inDuckdb(database, (connection) => connection.run(loadOf(files)))
}

/** What a database holds. */
export async function factsInDuckdb(database: string): Promise<Facts> {
  return inDuckdb(database, async (connection) => {
    const answer = await connection.runAndReadAll('select (select count(*) from product), (select count(*) from price)')
    const [listings, prices] = answer.getRows()[0]!.map(Number)
    return { listings: listings!, prices: prices! }
  })
}

async function inDuckdb<T>(database: string, work: (connection: Connection) => Promise<T>): Promise<T> {
  const { DuckDBInstance } = await import(PACKAGE)
  const instance: Instance = await DuckDBInstance.create(database)
  const connection = await instance.connect()
  try {
    return await work(connection)
  } finally {
    connection.closeSync()
    instance.closeSync()
  }
}
