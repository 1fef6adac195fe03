import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { JsonlWriter } from '../jsonl-writer.ts'
import { freshPlace, row, visible } from './place.ts'

const NOW = new Date('2025-09-12T03:04:05.678Z')

test('a scrape is in the outbox after the commit and not before', async () => {
  await using place = await freshPlace()
  await using writer = await JsonlWriter.open(place.dataDir, { now: NOW })
  await writer.write(row('Bread'))
  assert.deepEqual(await visible(place.folders.outbox), [])
  assert.equal((await readdir(place.folders.part)).length, 1)
  const committed = await writer.commit()
  assert.equal(committed.name, 'aldi-g120-2025-09-12.jsonl')
  assert.deepEqual(await visible(place.folders.outbox), [committed.name])
  assert.deepEqual(await readdir(place.folders.part), [])
  const bytes = await readFile(committed.path)
  assert.equal(committed.sha256, createHash('sha256').update(bytes).digest('hex'))
  assert.equal(committed.rows, 1)
})

test('a scrape that dies half way leaves no trace', async () => {
  await using place = await freshPlace()
  await assert.rejects(async () => {
    await using writer = await JsonlWriter.open(place.dataDir)
    await writer.write(row('Bread', { description: 'x'.repeat(100_000) }))
    throw new Error('the shop went away')
  }, /the shop went away/)
  assert.deepEqual(await visible(place.folders.outbox), [])
  assert.deepEqual(await readdir(place.folders.part), [])
})

test('a closed writer takes nothing more', async () => {
  await using place = await freshPlace()
  const writer = await JsonlWriter.open(place.dataDir)
  await writer.write(row('Bread'))
  await writer.commit()
  await assert.rejects(writer.write(row('Milk')), /closed/)
  await assert.rejects(writer.commit(), /closed/)
  await writer[Symbol.asyncDispose]()
  assert.equal((await visible(place.folders.outbox)).length, 1)
})

test('of two rows that show the same listing the first is written, unless they are of two things', async () => {
  await using place = await freshPlace()
  await using writer = await JsonlWriter.open(place.dataDir)
  assert.equal(await writer.write(row('Bread', { sku: '1', price_current: 2 })), 'written')
  assert.equal(await writer.write(row('Bread', { sku: 1, price_current: '2.00', brand: 'again' })), 'duplicate')
  assert.equal(await writer.write(row('Bread', { sku: '1' }, { store_id: 'G999' })), 'written')
  // Nobody loses it unseen: the server rejects it, and tells.
  assert.equal(await writer.write(row('Soap', { sku: '1', price_current: 2 })), 'written')
  const { rows, duplicates, rejectable, path } = await writer.commit()
  assert.deepEqual([rows, duplicates], [3, 1])
  assert.deepEqual([rejectable.rows, rejectable.first[0]?.code, rejectable.first[0]?.line], [1, 'duplicate_differs', 3])
  assert.doesNotMatch(await readFile(path, 'utf8'), /again/)
})

test('every row is stamped with the time the writer was opened, unless it says its own', async () => {
  await using place = await freshPlace()
  await using writer = await JsonlWriter.open(place.dataDir, { now: NOW })
  const mine = row('Milk', {}, { scraped_at: '2020-01-01T00:00:00Z' })
  const bread = row('Bread')
  await writer.write(bread)
  await writer.write(mine)
  const { path } = await writer.commit()
  const rows = (await readFile(path, 'utf8'))
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
  assert.deepEqual(
    rows.map(({ metadata }) => metadata.scraped_at),
    [NOW.toISOString(), '2020-01-01T00:00:00Z'],
  )
  assert.equal('scraped_at' in bread.metadata, false)
})

test('a row the server will reject is written and told with its line and reason, however often it comes', async () => {
  await using place = await freshPlace()
  await using writer = await JsonlWriter.open(place.dataDir)
  await writer.write(row('Bread'))
  for (let times = 0; times < 12; times++)
    assert.equal(await writer.write(row('Milk', { price_current: 'free' })), 'written')
  const { rows, rejectable } = await writer.commit()
  assert.equal(rows, 13)
  assert.equal(rejectable.rows, 12)
  assert.equal(rejectable.first.length, 10)
  assert.equal(rejectable.first[0]?.line, 2)
  assert.equal(rejectable.first[0]?.code, 'field_value')
  assert.match(rejectable.first[0]?.reason ?? '', /price_current/)
})

test('what JSON cannot hold is a TypeError and leaves the file as it was', async () => {
  await using place = await freshPlace()
  await using writer = await JsonlWriter.open(place.dataDir)
  const circle: { product: object; metadata: object; self?: object } = row('Round')
  circle.self = circle
  for (const bad of [circle, row('Big', { price_current: 1n }), null, 'text', 7, [row('Bread')]])
    await assert.rejects(writer.write(bad as never), TypeError)
  await writer.write(row('Bread'))
  const { rows, path } = await writer.commit()
  assert.equal(rows, 1)
  assert.equal((await readFile(path, 'utf8')).split('\n').length, 2)
})

test('rows that were not awaited are written in order and whole', async () => {
  await using place = await freshPlace()
  await using writer = await JsonlWriter.open(place.dataDir)
  const names = Array.from({ length: 500 }, (_, index) => `Item ${index}`)
  await Promise.all(names.map((name) => writer.write(row(name, { description: 'é'.repeat(400) }))))
  const { path, sha256 } = await writer.commit()
  const bytes = await readFile(path)
  const rows = bytes
    .toString()
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
  assert.deepEqual(
    rows.map(({ product }) => product.name),
    names,
  )
  assert.equal(createHash('sha256').update(bytes).digest('hex'), sha256)
})

test('a name that is taken by another file is never overwritten', async () => {
  await using place = await freshPlace()
  const taken = join(place.folders.outbox, 'aldi-g120-2025-09-12.jsonl')
  await writeFile(taken, 'older\n')
  await using writer = await JsonlWriter.open(place.dataDir)
  await writer.write(row('Bread'))
  const { name, sha256 } = await writer.commit()
  assert.equal(name, `aldi-g120-2025-09-12-${sha256.slice(0, 8)}.jsonl`)
  assert.equal(await readFile(taken, 'utf8'), 'older\n')
})

test('many writers of the same scrape at once all end in the outbox', async () => {
  await using place = await freshPlace()
  const names = await Promise.all(
    Array.from({ length: 20 }, async (_, index) => {
      await using writer = await JsonlWriter.open(place.dataDir, { fileName: 'same.jsonl' })
      await writer.write(row(`Item ${index}`))
      return (await writer.commit()).name
    }),
  )
  assert.equal(new Set(names).size, 20)
  assert.deepEqual(await visible(place.folders.outbox), names.sort())
  assert.deepEqual(await readdir(place.folders.part), [])
})

test('a scrape that found nothing is a file only when it was named', async () => {
  await using place = await freshPlace()
  await using unnamed = await JsonlWriter.open(place.dataDir)
  await assert.rejects(unnamed.commit(), /fileName/)
  await using named = await JsonlWriter.open(place.dataDir, { fileName: 'aldi-g120-2025-09-13.jsonl' })
  const { path, rows } = await named.commit()
  assert.equal(rows, 0)
  assert.equal(await readFile(path, 'utf8'), '')
})

test('a file is named after its first good row, in characters every file system takes', async () => {
  await using place = await freshPlace()
  await using writer = await JsonlWriter.open(place.dataDir)
  await writer.write({ product: {}, metadata: {} })
  await writer.write(row('Bread', {}, { company: '..\\Käse & Söhne/日本: "x"', store_id: `\u202e${'長'.repeat(190)}` }))
  const { name } = await writer.commit()
  assert.equal(name, `käse-söhne-日本-x-${'長'.repeat(20)}-2025-09-12.jsonl`)
})

test('a file name that no machine takes is refused at once', async () => {
  await using place = await freshPlace()
  for (const fileName of ['../x.jsonl', 'x.json', '.x.jsonl', 'CON.jsonl', 'x.rejects.jsonl'])
    await assert.rejects(JsonlWriter.open(place.dataDir, { fileName }), TypeError)
  assert.deepEqual(await readdir(place.folders.part), [])
})
