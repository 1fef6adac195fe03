import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir, readFile, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { DAY_MS } from '@splitcart/shared/time.ts'
import { JsonlWriter } from '../jsonl-writer.ts'
import { findWritersOn } from '../open-writers.ts'
import { orphanedPartsIn, salvage } from '../orphaned-parts.ts'
import { disk, freshPlace, type Place, row, textOf, visible } from './place.ts'

const WRITER = new URL('../jsonl-writer.ts', import.meta.url).href

/** Writes in another process and kills it in the middle of a line. */
async function crashedWriter(place: Place, options: object): Promise<void> {
  const program = `
    const { JsonlWriter } = await import(${JSON.stringify(WRITER)})
    const writer = await JsonlWriter.open(${JSON.stringify(place.dataDir)}, ${JSON.stringify(options)})
    const row = ${JSON.stringify(row('Item'))}
    for (let index = 0; index < 1000; index++) await writer.write({ ...row, product: { ...row.product, sku: String(index) } })
    const { appendFileSync, readdirSync } = await import('node:fs')
    const [part] = readdirSync(${JSON.stringify(place.folders.part)})
    appendFileSync(${JSON.stringify(place.folders.part)} + '/' + part, '{"product": {"name": "half a l')
    process.kill(process.pid, 'SIGKILL')`
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program], { stdio: 'inherit' })
  await once(child, 'exit')
}

test('a writer that is killed leaves the outbox empty, and its whole lines can be salvaged', async () => {
  await using place = await freshPlace()
  await crashedWriter(place, { fileName: 'coles-1.jsonl' })
  assert.deepEqual(await visible(place.folders.outbox), [])
  const [orphan, ...others] = await orphanedPartsIn(disk, place.folders)
  assert.ok(orphan)
  assert.deepEqual(others, [])
  const salvaged = await salvage(disk, place.folders, orphan)
  assert.equal(salvaged?.name, 'coles-1-salvaged.jsonl')
  const text = await readFile(salvaged?.path ?? '', 'utf8')
  const rows = text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
  assert.ok(rows.length > 100)
  assert.equal(rows.length, salvaged?.lines)
  assert.equal(Buffer.byteLength(text) + (salvaged?.bytesDropped ?? 0), orphan.size)
  assert.deepEqual(await readdir(place.folders.part), [])
})

test('a salvaged scrape without a name is named after its first row', async () => {
  await using place = await freshPlace()
  await crashedWriter(place, {})
  const [orphan] = await orphanedPartsIn(disk, place.folders)
  assert.ok(orphan)
  assert.equal((await salvage(disk, place.folders, orphan))?.name, 'aldi-g120-2025-09-12-salvaged.jsonl')
})

test('a part without one whole line is left where it is', async () => {
  await using place = await freshPlace()
  await writeFile(join(place.folders.part, 'x.4194304-0123456789ab.jsonl.part'), '{"product": {')
  const [orphan] = await orphanedPartsIn(disk, place.folders)
  assert.ok(orphan)
  assert.equal(await salvage(disk, place.folders, orphan), null)
  assert.deepEqual(await readdir(place.folders.part), [orphan.name])
  assert.deepEqual(await visible(place.folders.outbox), [])
})

test('the part of a living writer is not a left-over', async () => {
  await using place = await freshPlace()
  await using writer = await JsonlWriter.open(place.dataDir)
  await writer.write(row('Bread'))
  assert.deepEqual(await orphanedPartsIn(disk, place.folders), [])
})

test('a part from before this machine started is a left-over, whoever has its process id now', async () => {
  await using place = await freshPlace()
  const path = join(place.folders.part, `x.${process.pid}-0123456789ab.jsonl.part`)
  await writeFile(path, textOf(row('Bread')))
  assert.equal((await orphanedPartsIn(disk, place.folders)).length, 0)
  await utimes(path, 1, 1)
  assert.equal((await orphanedPartsIn(disk, place.folders)).length, 1)
})

test("another scraper's part is a left-over after an hour without a byte", async () => {
  await using place = await freshPlace()
  await writeFile(join(place.folders.part, 'theirs.jsonl'), textOf(row('Bread')))
  assert.equal((await orphanedPartsIn(disk, place.folders)).length, 0)
  const [orphan] = await orphanedPartsIn(disk, place.folders, Date.now() + 3_700_000)
  assert.ok(orphan)
  assert.equal((await salvage(disk, place.folders, orphan))?.name, 'theirs-salvaged.jsonl')
})

test('salvaging again after a crash puts the same bytes into the outbox once', async () => {
  await using place = await freshPlace()
  const name = 'x.4194304-0123456789ab.jsonl.part'
  const path = join(place.folders.part, name)
  for (let times = 0; times < 2; times++) {
    await writeFile(path, `${textOf(row('Bread'))}{"half`)
    await writeFile(`${path}.salvaged`, 'half a copy')
    const [orphan] = await orphanedPartsIn(disk, place.folders)
    assert.ok(orphan)
    await salvage(disk, place.folders, orphan)
  }
  assert.deepEqual(await visible(place.folders.outbox), ['x-salvaged.jsonl'])
  assert.deepEqual(await readdir(place.folders.part), [])
})

test('after a clock that jumped ahead, the part of a writer that lives is no left-over', {
  skip: process.platform !== 'linux' && 'only Linux tells who has a file open',
}, async () => {
  await using place = await freshPlace()
  await using writer = await JsonlWriter.open(place.dataDir, { fileName: 'x.jsonl' })
  await writer.write(row('Bread'))
  const year = Date.now() + 365 * DAY_MS
  assert.deepEqual(await orphanedPartsIn(disk, place.folders, year, findWritersOn()), [])
})
