/** Which test files run when, and with which others; `run.ts` runs them. */

export const SIMULATOR = 'test/simulator.test.ts'
const TEST = 'test'
const DASHBOARD = 'packages/dashboard/test'
const DATA_MANAGEMENT = 'packages/data-management/test'
const SCRAPING = 'packages/scraping/test'

// In a process of their own: what takes longest, which begins first, and what measures its own memory.
const ALONE = new Set([
  SIMULATOR,
  ...named(DASHBOARD, 'page-access page page-hostile page-live page-chart page-attention'),
  ...named(TEST, 'kills network launcher bombs bad-input usage whole-way'),
  ...named(DATA_MANAGEMENT, 'histories real-files decode hostile'),
  ...named(SCRAPING, 'watch crashes'),
  'packages/generator/test/generator.test.ts',
])
// They share a PostgreSQL.
const ON_POSTGRES = new Set([
  ...named(
    DATA_MANAGEMENT,
    'catalogue-upgrade derived-data ledger-shared limited-sql pgbouncer plans postgres slow-statements statements',
  ),
  ...named(TEST, 'migrate postgres-way'),
])
// As many files as end in about the time of the longest of those above share a process: each would load the same code again.
const BATCH_FILES = 8
/**
 * What is no journey that every change should make and takes more than four seconds of a processor: with it `npm test` would take three
 * to four times as long. `npm run test:long` runs it before all else.
 */
export const SLOW = [
  ...named(DASHBOARD, 'page-access page-attention page-chart page-hostile page-late page-live'),
  ...named(
    TEST,
    `answers-of-commands backup bad-input check-against connect connections data-folder deadly-file demo deploy doctor everything
    fleet-deploy key-file kinds launcher locks migrate network observability page-scenes plain-clients postgres-way prices-said printing
    private-data resume run scrape session-and-system settings-files status stores unread upgrade upload-report upload-watch usage`,
  ),
  ...named(
    DATA_MANAGEMENT,
    `addresses bounded-reading bridges category-changes changes-api changes-found comparable days decode decode-limits
    derived-data dictionaries doctor-dates events-api export-api export-unread-api feeds figures headings-api histories label-digests
    large-products ledger-shared merges metrics notice-troubles notices packed packing-memory pgbouncer plans postgres-tls products
    query-plans query-threads reader-client rejects-api remove-date resumable-api rights search-plans server-limits session-api shelved-meanwhile
    sources-api statements store-aliases store-settings ticks unread-answers upload-names uploads-api uploads-named uploads-sorted`,
  ),
  ...named(SCRAPING, 'crashes dictionaries long-line results-of-many resumable watch watch-setbacks'),
  'packages/generator/test/generator.test.ts',
]
/** What is kept in a database: `npm run test:long` runs it once more with ledger and catalogue in PostgreSQL. */
export const TWICE = named(
  DATA_MANAGEMENT,
  `access keys keys-api heartbeat-api session-api audit-api upload-api events-api group-commit rights products-api search-api prices-api
  rejects-api sources-api changes-api planted update-db feeds kinds-api export-api uploads-api actions overview-api figures believed
  headings-api notices store-settings ticks days notice-troubles`,
)
/** Of these `npm test` does a little, and `npm run test:long` more. */
export const MORE = named(DATA_MANAGEMENT, 'real-files')
/**
 * What several machines do together, campaigns in short, and what kills or cuts off at one moment after the other. Those that take longest
 * stand first: begun late, they would end long after the others.
 */
export const LONG = [
  ...named(TEST, 'fleet power-cuts errors partitions'),
  ...named(DATA_MANAGEMENT, 'postgres-dies postgres-hosts side-by-side fleet'),
  ...named(TEST, 'copies costs database-trouble mistakes-of-people rights strangers adapters'),
  ...named(TEST, 'archive pack chaos killed canary fuzz swaps lost-server rows-as-people-send hostile-dcz'),
  ...named(SCRAPING, 'strangers'),
  ...named(DASHBOARD, 'page-figures page-wander'),
]
/** What the page takes of a processor is measured: what runs beside it would be measured, too. */
export const SPEED = `${DASHBOARD}/page-speed.test.ts`

function named(folder: string, names: string): string[] {
  return names.split(/\s+/).map((name) => `${folder}/${name}.test.ts`)
}

/** Which of the files share a process, in the order in which they begin. */
export function batchesOf(files: readonly string[]): string[][] {
  const alone = [...ALONE].filter((file) => files.includes(file)).map((file) => [file])
  const onPostgres = files.filter((file) => ON_POSTGRES.has(file))
  const others = files.filter((file) => !ALONE.has(file) && !ON_POSTGRES.has(file))
  const count = Math.ceil(others.length / BATCH_FILES)
  // Neighbours are alike: each batch gets some of all kinds.
  const mixed = Array.from({ length: count }, (_, batch) => others.filter((_, index) => index % count === batch))
  return [...alone, ...(onPostgres.length > 0 ? [onPostgres] : []), ...mixed]
}

/** Whether a file runs in a process of its own. */
export function isAlone(file: string): boolean {
  return ALONE.has(file)
}
