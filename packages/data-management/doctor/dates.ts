/**
 * Finds scrapes dated in the future. Older versions loaded them; now they are held (HOLD_DAYS_AHEAD). They are not
 * shown as the newest; a person should undo their loads.
 */
import { type CheckResult, ok, warn } from '@splitcart/shared/check-result.ts'
import { addDays } from '@splitcart/shared/date.ts'
import { TimeZone } from '@splitcart/shared/time-zone.ts'
import { openForReading } from '../database/open-for-reading.ts'

type FutureScrape = Readonly<{ filename: string; date: string }>

const EXAMPLES_MAX = 5

const futureScrapesSql = (parameter: string) =>
  `select distinct filename, date from scrape join load on load.id = load_id where date > ${parameter}
    order by date desc, filename limit ${EXAMPLES_MAX + 1}`

/**
 * Names up to five scrapes dated in the future. `server`: the address of PostgreSQL, if it has the catalogue. Undefined
 * if the catalogue cannot be read: another check reports that.
 */
export async function checkDates(catalogue: string, server: string | undefined): Promise<CheckResult | undefined> {
  // Later than tomorrow in UTC: in a time zone ahead of UTC, a store may have tomorrow's date already.
  const day = addDays(TimeZone.utc.dateAt(Date.now()), 1)
  const scrapes = await (server === undefined ? findInFile(catalogue, day) : findInPostgres(server, day)).catch(
    () => undefined,
  )
  const [first] = scrapes ?? []
  if (scrapes === undefined) return undefined
  if (first === undefined) return ok('dates', 'no scrape is dated after today')
  const named = scrapes.slice(0, EXAMPLES_MAX).map(({ filename, date }) => `${filename} (${date})`)
  const more = scrapes.length > EXAMPLES_MAX ? ' and more' : ''
  const todo = `Nothing shows them as the newest. Take each out: splitcart loads undo ${first.filename}`
  return warn('dates', `scrapes are dated after today: ${named.join(', ')}${more}`, todo)
}

async function findInFile(path: string, day: string): Promise<FutureScrape[]> {
  const connection = openForReading(path)
  try {
    return connection.prepare(futureScrapesSql('?')).all(day) as FutureScrape[]
  } finally {
    connection.close()
  }
}

async function findInPostgres(server: string, day: string): Promise<FutureScrape[]> {
  const { querySchema } = await import('../database/postgres-inspect.ts')
  return querySchema<FutureScrape>(server, 'catalogue', futureScrapesSql('$1'), [day])
}
