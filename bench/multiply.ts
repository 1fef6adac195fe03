/** Multiplies the stores of a catalogue with all that belongs to them: scrapes, runs, sources and whatever else has a `store_id`. */
import type { SqliteDatabase } from '@splitcart/data-management/database/sqlite.ts'

type Column = Readonly<{ name: string; type: string; pk: number }>

/** Each store becomes so many. The listings stay as they are, and so does the order in which they are found on the disk. */
export function multiplyStores(database: SqliteDatabase, times: number): void {
  const { stores = 0, scrapes = 0 } =
    database.get<{ stores: number; scrapes: number }>(
      'select (select max(id) from store) as stores, (select max(id) from scrape) as scrapes',
    ) ?? {}
  const tables = database
    .all<{ name: string }>(`select name from sqlite_schema where type = 'table' order by name`)
    .map(({ name }) => ({ name, columns: columnsOf(database, name) }))
    // A scrape has figures of its own, or none, as those of before they were kept.
    .filter(({ name, columns }) => name !== 'figures' && columns.some((column) => column.name === 'store_id'))
  using transaction = database.begin()
  database.script(`
    create temp table copy as
      with recursive copy(shift) as (select 1 union all select shift + 1 from copy where shift < ${times - 1})
      select shift * ${stores} as shift, shift * ${scrapes} as scrapes from copy where ${times} > 1;
    insert into store (id, company_id, code, name, state)
      select id + shift, company_id, code || '-' || shift, name || ' ' || shift, state from copy cross join store;
  `)
  for (const { name, columns } of tables) database.script(copying(name, columns))
  // Each of them is shown, and asked for, by so many stores as often.
  database.script(`update price_count set stores = stores * ${times}; update label_use set uses = uses * ${times}`)
  database.script('drop table temp.copy')
  transaction.commit()
  database.script('pragma wal_checkpoint(truncate)')
}

function columnsOf(database: SqliteDatabase, table: string): Column[] {
  return database.all<Column>(`select name, type, pk from pragma_table_info('${table}')`)
}

const COPIED: Readonly<Record<string, string>> = {
  store_id: 'store_id + shift',
  scrape_id: 'scrape_id + scrapes',
  id: 'id + scrapes',
}

// A scrape has an id that leads to it; any other id is given by the database. Where the store comes first in the key, all of a copy goes in at once.
function copying(table: string, columns: readonly Column[]): string {
  const names = columns.map(({ name }) => name).filter((name) => name !== 'id' || table === 'scrape')
  const values = names.map((name) => COPIED[name] ?? name)
  const byStore = columns.find(({ pk }) => pk === 1)?.name === 'store_id'
  const from = byStore ? `copy cross join ${table}` : `${table} cross join copy`
  return `insert into ${table} (${names.join(', ')}) select ${values.join(', ')} from ${from}`
}
