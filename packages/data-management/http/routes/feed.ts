/** Writes changes as an Atom feed (RFC 4287). Its links are relative, so they are valid under any host name. */
import { createHash } from 'node:crypto'
import type { FormatMoney } from '@splitcart/shared/money.ts'
import { formatChange } from '@splitcart/shared/number.ts'
import type { TimeZone } from '@splitcart/shared/time-zone.ts'
import { changeKindText } from '../../catalogue/model/changes.ts'
import type { ChangeView } from '../../catalogue/queries/changed-listings.ts'
import type { ChangePage } from './changes-schema.ts'

const EPOCH = '1970-01-01'

/** The time zone in which days begin, and how prices are written. */
type FeedFormat = Readonly<{ zone: TimeZone; money: FormatMoney }>

/** The Atom feed of a page of changes. `self`: the path and query of the request. */
export function feedOf({ changes, to }: ChangePage, self: string, look: FeedFormat): string {
  const updated = changes.reduce((latest, { last_date }) => (last_date > latest ? last_date : latest), to ?? EPOCH)
  return [
    '<?xml version="1.0" encoding="utf-8"?>',
    '<feed xmlns="http://www.w3.org/2005/Atom">',
    '<title>SplitCart: what changed</title>',
    `<id>urn:splitcart:changes</id>`,
    `<link rel="self" href="${escapeXml(self)}"/>`,
    '<link rel="alternate" href="/changes"/>',
    '<author><name>SplitCart</name></author>',
    `<updated>${startOfDay(updated, look.zone)}</updated>`,
    ...changes.map((change) => entryOf(change, look)),
    '</feed>',
    '',
  ].join('\n')
}

function entryOf(change: ChangeView, { zone, money }: FeedFormat): string {
  const { kind, company, sku, key, from_cents, to_cents, first_date, last_date, product_id, stores } = change
  const parts = [kind, company, sku ?? key, from_cents, to_cents, first_date]
  const name = createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32)
  const where = stores === 1 ? 'one store' : `${stores} stores`
  return [
    '<entry>',
    `<id>urn:splitcart:change:${name}</id>`,
    `<title>${escapeXml(titleOf(change, money))}</title>`,
    `<updated>${startOfDay(last_date, zone)}</updated>`,
    `<link href="/products/${product_id}"/>`,
    `<category term="${kind}"/>`,
    `<summary>${escapeXml(`${company}, ${where}, ${first_date === last_date ? first_date : `${first_date} to ${last_date}`}`)}</summary>`,
    '</entry>',
  ].join('')
}

/** The title of an entry, such as "Full Cream Milk 2L: 3.19 → 2.99 (−6%)". */
function titleOf({ name, kind, from_cents, to_cents, change_share }: ChangeView, money: FormatMoney): string {
  const [from, to] = [from_cents, to_cents].map((cents) => (cents === null ? 'no price' : money(cents)))
  if (change_share !== null) {
    return `${name}: ${from} → ${to} (${formatChange(change_share)})`
  }
  return `${name}: ${changeKindText(kind)}${kind === 'gone' ? '' : `, ${to}`}`
}

function startOfDay(date: string, zone: TimeZone): string {
  return new Date(zone.startOf(date)).toISOString()
}

// XML 1.0 cannot represent most control characters, lone surrogates, U+FFFE and U+FFFF.
const NOT_XML = /[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/gu

function escapeXml(text: string): string {
  return text
    .replace(NOT_XML, '\u{fffd}')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
}
