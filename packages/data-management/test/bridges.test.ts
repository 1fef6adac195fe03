/** Listings that somebody plants between the articles of others, before these come. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { databasesOfFile } from './catalogues.ts'
import { count, GTIN, gtinOf, HOLD, productsIn, show } from './shown.ts'

for (const { name, skip, open } of databasesOfFile()) {
  test(`${name}: a file whose articles somebody has planted listings between is held, and says whose these are`, {
    skip,
  }, async () => {
    await using catalogue = await open()
    const articles = Array.from({ length: 6 }, (_, at) => [
      { sku: `a${at}`, name: `Jam ${at}`, barcode: gtinOf(at) },
      { sku: `b${at}`, name: `Tea ${at}` },
    ]).flat()
    const planted = Array.from({ length: 6 }, (_, at) => {
      return { sku: `x${at}`, name: `Any ${at}`, key: `tea ${at}`, barcode: gtinOf(at) }
    })
    const sent = { hold: HOLD, onlyFor: ['aaamart'] }
    const { state, sha256 } = await show(catalogue, ['aaamart', 1], planted, sent)
    assert.equal(state, 'loaded')
    const own = { hold: HOLD, onlyFor: ['elmmart'] }
    const held = await show(catalogue, ['elmmart', 2], articles, own)
    assert.equal(held.state, 'held')
    assert.match(
      held.result.problem!,
      /would merge 6 products .+ more than 5: ".+" for one\. Listings of aaamart join them/,
    )
    await catalogue.undo(sha256, 'it was planted', 3)
    assert.equal((await show(catalogue, ['elmmart', 4], articles, own)).state, 'loaded')
    assert.equal(await count(catalogue), 12)
  })

  test(`${name}: a file of which planted listings make a chain is held, and says whose these are and no others`, {
    skip,
  }, async () => {
    await using catalogue = await open()
    const articles = Array.from({ length: 6 }, (_, at) => ({ sku: `a${at}`, name: `Jam ${at}`, barcode: gtinOf(at) }))
    const planted = articles.map(({ barcode }, at) => ({
      sku: `x${at}`,
      name: `Any ${at}`,
      key: `jam ${at + 1}`,
      barcode,
    }))
    const hold = { ...HOLD, thresholds: { ...HOLD.thresholds, HOLD_PRODUCT_LISTINGS: 7 } }
    const { sha256 } = await show(catalogue, ['aaamart', 1], planted, { hold })
    assert.equal((await show(catalogue, ['oakmart', 1], [articles[0]!, articles[3]!], { hold })).state, 'loaded')
    const held = await show(catalogue, ['elmmart', 2], articles, { hold })
    assert.equal(held.state, 'held')
    assert.match(held.result.problem!, /one product of more than 7 listings.+ Listings of aaamart join them/)
    await catalogue.undo(sha256, 'it was planted', 3)
    assert.equal((await show(catalogue, ['elmmart', 4], articles, { hold })).state, 'loaded')
    assert.equal(await count(catalogue), 6)
  })

  test(`${name}: what few planted listings join is apart again when their file is taken out`, { skip }, async () => {
    await using catalogue = await open()
    const bridge = [{ sku: 'x', name: 'Anything', key: 'bread', barcode: GTIN[0]! }]
    const { sha256 } = await show(catalogue, ['aaamart', 1], bridge, { hold: HOLD, onlyFor: ['aaamart'] })
    const own = [
      { sku: 'm', name: 'Milk', barcode: GTIN[0]! },
      { sku: 'b', name: 'Bread' },
    ]
    assert.equal((await show(catalogue, ['elmmart', 2], own, { hold: HOLD })).state, 'loaded')
    assert.deepEqual(await productsIn(catalogue), ['aaamart x = elmmart b = elmmart m'])
    await catalogue.undo(sha256, 'it was planted', 3)
    assert.deepEqual(await productsIn(catalogue), ['elmmart b', 'elmmart m'])
  })
}
