/** Scrapes of dates that had not come yet: older versions loaded them. They are never "now", and somebody should take them out. */

import { type CheckResult, ok, warn } from '@splitcart/shared/check-result.ts'
import { dayBeside } from '@splitcart/shared/date.ts'
import { openToLook } from '../database/look.ts'

type Ahead = Readonly<{ filename: string; date: string }>

const NAMED_MAX = 5

const sqlWith = (day: string) =>
  `select distinct filename, date from scrape join load on load.id = load_id where date > ${day}
    order by date desc, filename limit ${NAMED_MAX + 1}`

/** Names them. Undefined where the catalogue cannot be asked: that is told elsewhere. */
export async function checkDates(catalogue: string, server: string | undefined): Promise<CheckResult | undefined> {
  const day = dayBeside(new Date().toISOString().slice(0, 10), 1)
  const ahead = await (server === undefined ? inFile(catalogue, day) : inServer(server, day)).catch(() => undefined)
  const [first] = ahead ?? []
  if (ahead === undefined) return undefined
  if (first === undefined) return ok('dates', 'no scrape is dated after today')
  const named = ahead.slice(0, NAMED_MAX).map(({ filename, date }) => `${filename} (${date})`)
  const more = ahead.length > NAMED_MAX ? ' and more' : ''
  const todo = `Nothing shows them as the newest. Take each out: splitcart loads undo ${first.filename}`
  return warn('dates', `scrapes are dated after today: ${named.join(', ')}${more}`, todo)
}

async function inFile(path: string, day: string): Promise<Ahead[]> {
  const connection = openToLook(path)
  try {
    return connection.prepare(sqlWith('?')).all(day) as Ahead[]
  } finally {
    connection.close()
  }
}

async function inServer(server: string, day: string): Promise<Ahead[]> {
  const { askSchema } = await import('../database/postgres-look.ts')
  return askSchema<Ahead>(server, 'catalogue', sqlWith('$1'), [day])
}
