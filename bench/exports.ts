/** An export of many observations over HTTP: when its first byte comes, how fast the rest does, and in how much memory. */
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { openCatalogue } from '@splitcart/data-management/catalogue/dialects/sqlite/catalogue.ts'
import { peakBytesOf } from '../test/memory-group.ts'
import { KEY } from './curl.ts'
import type { Report } from './report.ts'
import { openStage, type Receiver } from './stage.ts'

const MIB = 2 ** 20
const LISTINGS = 2_500
const DATES = 40
const STORES = [10, 100]
// A server has been up for so long.
const UP_MS = 10_000

/** Observations of 10 and of 100 stores, all read once. */
export async function exports(): Promise<Report> {
  const rows: [string, ...number[]][] = []
  for (const stores of STORES) {
    await using stage = await openStage()
    await stage.machines.makeServerData()
    const fill = async () => {
      await stage.machines.makeServerData()
      fillCatalogue(join(stage.machines.dataManagement, 'catalogue.db'), stores)
    }
    await stage.anew({ fill })
    await sleep(UP_MS)
    const count = stores * DATES * LISTINGS
    const { firstMs, seconds, peakBytes } = await read(stage.receiver())
    rows.push([`${count.toLocaleString('en')} observations`, firstMs, seconds, count / seconds, peakBytes / MIB])
  }
  return { title: 'An export of all observations', columns: ['first byte ms', 's', 'rows/s', 'server peak MiB'], rows }
}

async function read({ url, pid }: Receiver): Promise<{ firstMs: number; seconds: number; peakBytes: number }> {
  const headers = { 'X-API-Key': KEY, 'Accept-Encoding': 'gzip' }
  await (await fetch(`${url}/api/stores`, { headers })).text()
  const start = performance.now()
  const { body, status } = await fetch(`${url}/api/export/observations`, { headers })
  if (status !== 200) throw new Error(`the export was answered ${status}`)
  let firstMs: number | undefined
  for await (const _chunk of body!) firstMs ??= performance.now() - start
  return { firstMs: firstMs!, seconds: (performance.now() - start) / 1000, peakBytes: peakBytesOf(pid) }
}

/** Stores of one chain that show the same listings on each date, one in twenty for another price than before. */
function fillCatalogue(path: string, stores: number): void {
  using catalogue = openCatalogue(path)
  const { database } = catalogue
  const count = (name: string, until: number) =>
    `${name} (n) as (select 1 union all select n + 1 from ${name} where n < ${until})`
  const day = (n: string) => `date('2025-01-01', (${n} - 1) || ' days')`
  database.script(`begin;
    insert into company (id, code, shown) values (1, 'chain', 'Chain');
    insert into load (id, sha256, filename, state, received_at, started_at, finished_at, rows, inserted, changed, unchanged, duplicate,
      rejected, warnings, runs_opened, runs_closed) values (1, 'x', 'x', 'loaded', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
    with recursive ${count('listings', LISTINGS)} insert into listing (id, company_id, by_name, code, product_id)
      select n, 1, 0, 1000000 + n, n from listings;
    insert into label (id, listing_id, hash, name, key) select id, id, id, 'Article ' || id, 'article ' || id from listing;
    update listing set label_id = id;
    with recursive ${count('stores', stores)} insert into store (id, company_id, code, shown, name)
      select n, 1, 's' || n, 'S' || n, 'Store ' || n from stores;
    with recursive ${count('dates', DATES)} insert into scrape (store_id, date, load_id, ranked_at, listings, store_name)
      select store.id, ${day('n')}, 1, 0, ${LISTINGS}, store.name from store cross join dates order by 1, 2;
    insert into price_run select store.id, listing.id, ${day('1')}, null, 100 + listing.id, null, null, 1
      from store cross join listing where listing.id % 20 <> 0 order by 1, 2;
    with recursive ${count('dates', DATES)} insert into price_run
      select store.id, listing.id, ${day('n')}, case when n < ${DATES} then ${day('n')} end, 100 + listing.id + n % 2, null, null, 1
      from store cross join listing cross join dates where listing.id % 20 = 0 order by 1, 2, 3;
    commit;
    pragma wal_checkpoint(truncate);`)
}
