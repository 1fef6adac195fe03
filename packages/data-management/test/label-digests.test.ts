/** A label is what it says: two that happen to share the number by which labels are looked for stay two. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Catalogue } from '../catalogue/catalogue.ts'
import { catalogueDigest } from '../catalogue/digest.ts'
import { exportProducts } from '../catalogue/export.ts'
import { databasesOfFile } from './catalogues.ts'
import { line, loaderInto } from './loaded-rows.ts'

// What rows of this key and these names say of their listing begins with the same 48 bits of SHA-1.
const NAMES = ['Oat flakes 828302', 'Oat flakes 13577397'] as const

function dayOf(day: number, name: string): string {
  return line({ sku: '7', name, normalized_name_brand_size: 'oatflakes' }, { scraped_date: `2026-05-0${day}` })
}

async function nameIn(catalogue: Catalogue): Promise<string | undefined> {
  const [product] = await Array.fromAsync(exportProducts(catalogue.database))
  return product?.name
}

async function labelsIn({ database }: Catalogue): Promise<unknown> {
  const counted = await database.get('select count(*) as labels, count(distinct hash) as hashes from label')
  return { ...(counted as object) }
}

for (const { name, skip, open } of databasesOfFile()) {
  test(`${name}: two texts with one number are two labels, whichever came first`, { skip }, async () => {
    const digests: string[] = []
    for (const days of [
      [1, 2],
      [2, 1],
    ]) {
      await using catalogue = await open()
      const load = loaderInto(catalogue)
      for (const day of days) await load(dayOf(day, NAMES[day - 1]!))
      assert.deepEqual(await labelsIn(catalogue), { labels: 2, hashes: 1 })
      assert.equal(await nameIn(catalogue), NAMES[1])
      digests.push(await catalogueDigest(catalogue.database))
    }
    assert.equal(digests[0], digests[1])
  })

  test(`${name}: a label of an older program is recognized by what it says`, { skip }, async () => {
    await using catalogue = await open()
    await loaderInto(catalogue)(dayOf(1, NAMES[0]))
    await catalogue.database.run('update label set digest = null')
    const load = loaderInto(catalogue)
    await load(dayOf(2, NAMES[0]))
    assert.deepEqual(await labelsIn(catalogue), { labels: 1, hashes: 1 })
    assert.equal(await catalogue.database.get('select 1 from label where digest is null'), undefined)
    await catalogue.database.run('update label set digest = null')
    await load(dayOf(3, NAMES[1]))
    assert.deepEqual(await labelsIn(catalogue), { labels: 2, hashes: 1 })
    assert.equal(await nameIn(catalogue), NAMES[1])
  })
}
