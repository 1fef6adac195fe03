/** What products are called by, computed from the files alone, as docs/products.md says it. */
import type { Row } from '@splitcart/shared/row.ts'
import type { StoreAlias } from '../catalogue/catalogue.ts'
import { identityKeysOf } from '../catalogue/model/identity.ts'
import type { ListingVerdict } from '../catalogue/model/partition.ts'
import { inStore, saidNow, scrapesOf } from './naive-catalogue.ts'
import type { HistoryFile } from './naive-rows.ts'
import { naiveKeys, naiveProducts } from './partition-case.ts'

/**
 * What each product is called by, in no particular order: of its listings, the one that has had longest a key that joins it with another
 * company's, by when the first file that says so was received.
 */
export function naiveHeadings(
  files: readonly HistoryFile[],
  verdicts: readonly ListingVerdict[] = [],
  aliases: readonly StoreAlias[] = [],
): string[] {
  const scrapes = files.flatMap((file) => scrapesOf(file).map((scrape) => ({ file, ...inStore(scrape, aliases) })))
  const said = saidNow(scrapes)
  const listings = new Map([...said.values()].map((listing) => [listing.id, listing]))
  const speaking = Map.groupBy(
    naiveKeys([...listings.values()]).filter(([, , , silent]) => silent === 0),
    ([id]) => id,
  )
  const since = new Map<string, number>()
  for (const { file, shown } of scrapes)
    for (const [name, row] of shown)
      for (const key of keysIn(row)) {
        const text = `${said.get(name)?.id} ${key}`
        since.set(text, Math.min(since.get(text) ?? Number.POSITIVE_INFINITY, file.receivedAt))
      }
  return naiveProducts([...listings.values()], verdicts).map((group) => {
    const keys = group.flatMap((id) => speaking.get(id) ?? [])
    const joins = (id: string, key: string) =>
      keys.some(([of, ...each]) => textOf(each) === key && listings.get(of)!.company !== listings.get(id)!.company)
    const ranked = group.map((id) => {
      const own = (speaking.get(id) ?? []).map(([, ...key]) => textOf(key)).filter((key) => joins(id, key))
      return { id, time: Math.min(...own.map((key) => since.get(`${id} ${key}`)!)) }
    })
    const [head] = ranked.toSorted((one, other) =>
      one.time === other.time ? (one.id < other.id ? -1 : 1) : one.time < other.time ? -1 : 1,
    )
    return JSON.stringify([listings.get(group.toSorted()[0]!)!.own, listings.get(head!.id)!.own])
  })
}

function textOf([kind, value]: readonly [number, string, ...unknown[]]): string {
  return `${kind} ${value}`
}

function keysIn(row: Row): string[] {
  return identityKeysOf(row).map(({ kind, value }) => `${kind} ${value}`)
}
