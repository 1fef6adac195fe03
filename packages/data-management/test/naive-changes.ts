/** What changed from one scrape of a store to its next, computed from all observations at once. Slow on purpose. */
import { countChanges } from '../catalogue/queries/count-changes.ts'
import type { Sql } from '../database/sql.ts'

type Seen = Readonly<{ price: number | null; available: number | null }>

/** Company, store, SKU, key, date, and the terms: as `naiveObservations` gives them. */
type Observation = readonly [string, string, string | null, string | null, string, ...(number | null)[]]

/** The changes that are kept, counted now, as lines. */
export async function changesKept(database: Sql): Promise<string[]> {
  await countChanges(database)
  const lines = await database.all(
    `select company.shown, date, kind, listing.by_name, listing.code, from_cents, to_cents, stores
      from price_change join listing on listing.id = listing_id join company on company.id = price_change.company_id`,
  )
  const days = await database.all(
    `select company.shown, date, kind, lines, stores from price_change_day join company on company.id = company_id`,
  )
  return [...lines, ...days].map((line) => JSON.stringify(Object.values(line)))
}

/** The same from observations. */
export function naiveChanges(observations: readonly string[]): string[] {
  const all = observations.map((line) => JSON.parse(line) as Observation)
  const counts = new Map<string, number>()
  for (const ofStore of Map.groupBy(all, ([company, store]) => JSON.stringify([company, store])).values())
    for (const change of changesOfStore(ofStore)) counts.set(change, (counts.get(change) ?? 0) + 1)
  const days = Map.groupBy(counts, ([change]) => JSON.stringify(JSON.parse(change).slice(0, 3)))
  return [
    ...[...counts].map(([change, stores]) => withEnd(change, stores)),
    ...[...days].map(([day, lines]) =>
      withEnd(
        day,
        lines.length,
        lines.reduce((sum, [, stores]) => sum + stores, 0),
      ),
    ),
  ]
}

function withEnd(line: string, ...numbers: number[]): string {
  return JSON.stringify([...JSON.parse(line), ...numbers])
}

function changesOfStore(observations: readonly Observation[]): string[] {
  const dates = [...new Set(observations.map(([, , , , date]) => date))].sort()
  const listings = Map.groupBy(observations, ([, , sku, key]) => JSON.stringify(sku === null ? [1, key] : [0, sku]))
  return [...listings].flatMap(([name, ofListing]) => {
    const seenOn = new Map<string, Seen>(
      ofListing.map(([, , , , date, price, , , available]) => [date, { price: price!, available: available! }]),
    )
    return dates.slice(1).flatMap((date, index) => {
      const hadBefore = dates.slice(0, index + 1).some((earlier) => seenOn.has(earlier))
      return kindsOf(seenOn.get(dates[index]!), seenOn.get(date), hadBefore).map(([kind, from, to]) =>
        JSON.stringify([ofListing[0]![0], date, kind, ...JSON.parse(name), from ?? -1, to ?? -1]),
      )
    })
  })
}

type Told = readonly [kind: string, from: number | null, to: number | null]

function kindsOf(was: Seen | undefined, is: Seen | undefined, hadBefore: boolean): Told[] {
  if (was === undefined && is === undefined) return []
  if (is === undefined) return [['gone', was!.price, null]]
  if (was === undefined) return [[hadBefore ? 'back' : 'new', null, is.price]]
  const told: Told[] = []
  if (was.price && is.price && was.price !== is.price)
    told.push([is.price < was.price ? 'cheaper' : 'dearer', was.price, is.price])
  if (was.available === 0 && is.available === 1) told.push(['back_in_stock', was.price, is.price])
  return told
}
