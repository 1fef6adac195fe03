/** Which listings are one product follows from what they say now: what one bad day said is unlearned with the next good one. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { exportProducts } from '../catalogue/export.ts'
import { databasesOfFile } from './catalogues.ts'
import { count, GTIN, gtinOf, HOLD, productsIn, show } from './shown.ts'

for (const { name, skip, open } of databasesOfFile()) {
  test(`${name}: two days of placeholder barcodes make one product of nothing, and the good ones come back`, {
    skip,
  }, async () => {
    await using catalogue = await open()
    const articles = GTIN.map((barcode, index) => ({ sku: `s${index}`, name: `Muesli ${index}`, barcode }))
    const placeholders = ['9999999999994', '1234567890128', '5012345678900', '5012345678900', '1111111111116']
    await show(catalogue, ['elmmart', 1], articles)
    for (const day of [2, 3])
      await show(
        catalogue,
        ['elmmart', day],
        articles.map((each, index) => ({ ...each, barcode: placeholders[(index + day) % 5]! })),
      )
    assert.equal(await count(catalogue), 4)
    await show(catalogue, ['elmmart', 4], articles)
    const found = await Array.fromAsync(exportProducts(catalogue.database))
    assert.deepEqual(found.flatMap(({ barcodes }) => barcodes).sort(), GTIN)
  })

  test(`${name}: in-house codes join no listings of two chains, and one of restricted circulation those of one`, {
    skip,
  }, async () => {
    await using catalogue = await open()
    await show(
      catalogue,
      ['elmmart', 1],
      [
        { sku: 'B1', name: 'Plums per kg', barcode: '0210034' },
        { sku: 'B2', name: 'Figs per kg', barcode: '2000012000003' },
        { sku: 'B3', name: 'figs per kg', key: 'figs', barcode: '2000012000003' },
      ],
    )
    await show(
      catalogue,
      ['oakmart', 1],
      [
        { sku: 'D1', name: 'Soap 40', barcode: '0210034' },
        { sku: 'D2', name: 'Figs in a box', barcode: '2000012000003' },
      ],
    )
    assert.deepEqual(await productsIn(catalogue), ['elmmart B1', 'elmmart B2 = elmmart B3', 'oakmart D1', 'oakmart D2'])
  })

  test(`${name}: a file by which listings hang together without end is held, whoever releases it`, {
    skip,
  }, async () => {
    await using catalogue = await open()
    // Each of one company shares its barcode with one of the other, and that its name with the next one of the first.
    const link = (at: number, name: number) => ({ sku: `s${at}`, name: `Soap no ${name}`, barcode: GTIN[at]! })
    const hold = { ...HOLD, thresholds: { ...HOLD.thresholds, HOLD_PRODUCT_LISTINGS: 7 }, isReleased: true }
    const first = GTIN.map((_, at) => link(at, at))
    await show(catalogue, ['elmmart', 1], first)
    const shown = GTIN.map((_, at) => link(at, at + 1))
    const held = await show(catalogue, ['oakmart', 1], shown, { hold })
    assert.equal(held.state, 'held')
    assert.match(held.result.problem ?? '', /would make one product of more than 7 listings; nothing of it was loaded/)
    assert.equal(await count(catalogue), 4)
    assert.equal((await show(catalogue, ['oakmart', 2], shown.slice(1), { hold })).state, 'loaded')
    assert.equal(await count(catalogue), 2)
  })

  test(`${name}: two names swapped for a day, and a wrong barcode for a day, are two products once they are right again`, {
    skip,
  }, async () => {
    await using catalogue = await open()
    const [mint, sage] = ['Peas with Mint 400g', 'Peas with Sage 400g']
    for (const [day, one, other] of [
      [1, mint, sage],
      [2, sage, mint],
      [3, mint, sage],
    ] as const)
      await show(
        catalogue,
        ['elmmart', day],
        [
          { sku: '1', name: one },
          { sku: '2', name: other },
          { sku: 'K1', name: 'Vinegar 2L', barcode: GTIN[0]! },
          { sku: 'K2', name: 'Rice 1kg', barcode: GTIN[day === 2 ? 0 : 1]! },
        ],
      )
    await show(catalogue, ['oakmart', 1], [{ sku: 'V', name: 'White vinegar 2 l', barcode: GTIN[0]! }])
    await show(catalogue, ['firmart', 1], [{ sku: 'R', name: 'Sushi rice', barcode: GTIN[0]! }])
    assert.deepEqual(await productsIn(catalogue), [
      'elmmart 1',
      'elmmart 2',
      'elmmart K1 = firmart R = oakmart V',
      'elmmart K2',
    ])
    await show(catalogue, ['firmart', 2], [{ sku: 'R', name: 'Sushi rice', barcode: GTIN[1]! }])
    assert.deepEqual(await productsIn(catalogue), [
      'elmmart 1',
      'elmmart 2',
      'elmmart K1 = oakmart V',
      'elmmart K2 = firmart R',
    ])
  })

  test(`${name}: sizes on one key stay apart, within a chain and between chains`, { skip }, async () => {
    await using catalogue = await open()
    const foil = (sku: string, size?: string) => ({
      sku,
      name: 'Foil',
      key: 'foil strong',
      ...(size === undefined ? {} : { size }),
    })
    await show(catalogue, ['elmmart', 1], [foil('F1', '10m'), foil('F2', '30 m'), foil('F3', '60 metres')])
    await show(catalogue, ['oakmart', 1], [foil('F', '10 m')])
    await show(catalogue, ['firmart', 1], [foil('F', '30 m')])
    await show(catalogue, ['ashmart', 1], [foil('F')])
    assert.equal(await count(catalogue), 6)
    // Nobody else shows another size any more.
    await show(catalogue, ['firmart', 2], [{ sku: 'F', name: 'Paper' }])
    assert.deepEqual(
      (await productsIn(catalogue)).filter((each) => each.includes('=')),
      ['ashmart F = oakmart F'],
    )
  })

  test(`${name}: a key without letters joins nothing, and the spellings of one GTIN are one product`, {
    skip,
  }, async () => {
    await using catalogue = await open()
    await show(
      catalogue,
      ['elmmart', 1],
      ['豆腐', '醋', '面条'].map((name, index) => ({ sku: `s${index}`, name, key: '250g', size: '250g' })),
    )
    await show(catalogue, ['oakmart', 1], [{ sku: '1', name: '米', key: '250g', size: '250g' }])
    assert.equal(await count(catalogue), 4)
    const spellings = ['036000291452', '0036000291452', '0 0036000 291452', 36000291452]
    for (const [index, barcode] of spellings.entries())
      await show(catalogue, [`mart${index}`, 1], [{ sku: 'C', name: `Cola ${index}`, barcode }])
    assert.deepEqual(
      (await productsIn(catalogue)).filter((each) => each.includes('mart0')),
      ['mart0 C = mart1 C = mart2 C = mart3 C'],
    )
  })

  test(`${name}: a chain that others' articles meet in is loaded, one that would merge many of one company is held`, {
    skip,
  }, async () => {
    await using catalogue = await open()
    const jams = Array.from({ length: 6 }, (_, index) => ({ sku: `s${index}`, name: `Jam ${index}` }))
    const gtin = (at: number) => ({ barcode: gtinOf(at) })
    const named = (mark: string) => jams.map(({ sku, name }) => ({ sku: `${mark}${sku}`, name: `${mark} ${name}` }))
    await show(catalogue, ['elmmart', 1], [...jams, ...named('Low').map((each, at) => ({ ...each, ...gtin(at) }))])
    await show(
      catalogue,
      ['oakmart', 1],
      named('Oak').map((each, at) => ({ ...each, ...gtin(at + 6) })),
    )
    assert.equal(await count(catalogue), 18)
    // Each of its articles is one of elmmart by its name and one of oakmart by its barcode.
    const honest = jams.map((each, at) => ({ ...each, ...gtin(at + 6) }))
    assert.equal((await show(catalogue, ['firmart', 2], honest, { hold: HOLD })).state, 'loaded')
    assert.equal(await count(catalogue), 12)
    const lies = jams.map((each, at) => ({ ...each, ...gtin(at) }))
    const held = await show(catalogue, ['ashmart', 3], lies, { hold: HOLD })
    assert.equal(held.state, 'held')
    assert.match(held.result.problem!, /would merge 6 products with others of the same company, more than 5: "Jam 0"/)
    assert.equal(await count(catalogue), 12)
    const few = await show(catalogue, ['ashmart', 4], lies.slice(1), { hold: HOLD })
    assert.deepEqual([few.state, await count(catalogue)], ['loaded', 7])
  })

  test(`${name}: a file that would merge products of others than its key may write for is held, and loads when released`, {
    skip,
  }, async () => {
    await using catalogue = await open()
    // What joins the two is neither's.
    await show(catalogue, ['firmart', 1], [{ sku: 'E', name: 'Egg', barcode: GTIN[0]! }])
    await show(catalogue, ['ashmart', 1], [{ sku: 'E', name: 'Eggs' }])
    const bridge = [{ sku: 'x', name: 'Eggs', barcode: GTIN[0]! }]
    // Whatever else its sender shows beside it.
    const beside = ['Tea', 'Green tea', 'Jam', 'Fine jam'].map((name, at) => {
      return { sku: name, name, barcode: GTIN[at < 2 ? 1 : 2]! }
    })
    const held = await show(catalogue, ['aaamart', 4], [...beside, ...bridge], { hold: HOLD, onlyFor: ['aaamart/S1'] })
    assert.equal(held.state, 'held')
    assert.match(held.result.problem!, /part or rename 1 products of companies that its sender may not write for/)
    assert.equal(await count(catalogue), 2)
    const own = await show(catalogue, ['aaamart', 5], [{ sku: 'x', name: 'Eggs' }], {
      hold: HOLD,
      onlyFor: ['aaamart'],
    })
    assert.deepEqual([own.state, await count(catalogue)], ['loaded', 2])
    assert.equal((await show(catalogue, ['aaamart', 6], bridge)).state, 'loaded')
    assert.equal(await count(catalogue), 1)
  })

  test(`${name}: stores of a chain, each with a key of its own, may word what all of them show: scrapers differ`, {
    skip,
  }, async () => {
    await using catalogue = await open()
    const worded = (version: number) =>
      Array.from({ length: 20 }, (_, index) => {
        const text = version === 1 ? `Tea ${index} 100g` : `Fine tea ${index} 100g`
        return { sku: `s${index}`, name: text, key: text.toLowerCase() }
      })
    for (const [day, version] of [1, 2, 1, 2].entries())
      for (const store of ['s1', 's2', 's3']) {
        const own = { store, hold: HOLD, onlyFor: [`elmmart/${store}`] }
        const { state, result } = await show(catalogue, ['elmmart', 1 + day], worded(store === 's3' ? 1 : version), own)
        assert.equal(state, 'loaded', result.problem ?? '')
      }
  })
}
