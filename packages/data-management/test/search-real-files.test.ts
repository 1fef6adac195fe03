/** What is found first of real articles, where some lie next to the project. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TimeZone } from '@splitcart/shared/time-zone.ts'
import { LiveStores } from '../catalogue/queries/current.ts'
import { findProducts } from '../catalogue/queries/find-products.ts'
import { findProduct } from '../catalogue/queries/products.ts'
import { openSqlite } from './catalogues.ts'
import { loadWhole } from './history-case.ts'
import { REAL_FILES_MISSING, realFiles } from './real-files.ts'

const FILES = /^iga-|g700-g700-2025-09-22/

/** Everyday words, and what the first that is found must be. */
const FIRST: Readonly<Record<string, RegExp>> = {
  milk: /milk (?:\d+ ?m?l|.*\/ milk)/i,
  banana: /bananas/i,
  bananna: /bananas/i,
  bread: /\bbread\b.*\/ (?:sliced )?bread/i,
  eggs: /\beggs\b.*eggs$/i,
  butter: /^(?!.*peanut).*\bbutter\b.*\/ (?:butter|dairy)/i,
  cheese: /cheese.*cheese$/i,
  rice: /\brice\b.*rice/i,
  chicken: /chicken.*(?:poultry|meat)/i,
  apple: /apples.*fruit/i,
  tomatoes: /tomato.*vegetables/i,
  potato: /potatoes.*vegetables/i,
  onion: /onions?\b.*vegetables/i,
  pasta: /pasta/i,
  sugar: /\bsugar\b.*baking/i,
  'olive oil': /olive oil.*oils/i,
  cocacola: /coca.cola/i,
  weetbix: /weet.bix/i,
  'peanut butter': /peanut butter/i,
  'milk 2 l': /milk 2l/i,
  cream: /cream.*\/ cream/i,
  water: /water.*water/i,
}

test('of real articles the first that is found is what the word means', { skip: REAL_FILES_MISSING }, async () => {
  await using catalogue = await openSqlite()
  for (const file of realFiles().filter(({ name }) => FILES.test(name))) await loadWhole(catalogue, file)
  const { database } = catalogue
  const current = await LiveStores.read(database, { now: Date.now(), zone: TimeZone.utc })
  for (const [q, what] of Object.entries(FIRST)) {
    const { products } = await findProducts(database, { q, after: undefined, limit: 1 }, async () => current)
    const first = await findProduct(database, products[0]?.product_id ?? 0)
    assert.match(`${first?.name} / ${first?.categories.join(' / ')}`, what, q)
  }
})
