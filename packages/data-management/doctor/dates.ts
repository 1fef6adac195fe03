/**
 * Finds scrapes dated in the future, which older versions loaded (now they are held: HOLD_DAYS_AHEAD). Nothing shows
 * them as the newest; a person should undo their loads.
 */
import { type CheckResult, ok, warn } from '@splitcart/shared/check-result.ts'
import { addDays } from '@splitcart/shared/date.ts'
import { openForReading } from '../database/open-for-reading.ts'

type FutureScrape = Readonly<{ filename: string; date: string }>

const NAMED_MAX = 5

const futureScrapesSql = (parameter: string) =>
  `select distinct filename, date from scrape join load on load.id = load_id where date > ${parameter}
    order by date desc, filename limit ${NAMED_MAX + 1}`

/**
 * Names them, up to five. `server`: the address of PostgreSQL, if the catalogue is there. Undefined if the catalogue
 * cannot be read: another check reports that.
 */
export async function checkDates(catalogue: string, server: string | undefined): Promise<CheckResult | undefined> {
  // Later than tomorrow in UTC: east of it, a store may have tomorrow's date already.
  const day = addDays(new Date().toISOString().slice(0, 10), 1)
  const scrapes = await (server === undefined ? inFile(catalogue, day) : inServer(server, day)).catch(() => undefined)
  const [first] = scrapes ?? []
  if (scrapes === undefined) return undefined
  if (first === undefined) return ok('dates', 'no scrape is dated after today')
  const named = scrapes.slice(0, NAMED_MAX).map(({ filename, date }) => `${filename} (${date})`)
  const more = scrapes.length > NAMED_MAX ? ' and more' : ''
  const todo = `Nothing shows them as the newest. Take each out: splitcart loads undo ${first.filename}`
  return warn('dates', `scrapes are dated after today: ${named.join(', ')}${more}`, todo)
}

async function inFile(path: string, day: string): Promise<FutureScrape[]> {
  const connection = openForReading(path)
  try {
    return connection.prepare(futureScrapesSql('?')).all(day) as FutureScrape[]
  } finally {
    connection.close()
  }
}

async function inServer(server: string, day: string): Promise<FutureScrape[]> {
  const { querySchema } = await import('../database/postgres-look.ts')
  return querySchema<FutureScrape>(server, 'catalogue', futureScrapesSql('$1'), [day])
}
