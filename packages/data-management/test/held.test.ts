/** What is recorded of a file that is held: all of its rejects, and of nothing else a trace; and how often it is read for that. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openCatalogue } from '../catalogue/dialects/sqlite/catalogue.ts'
import { DifferingLines } from '../catalogue/load/differing-lines.ts'
import { rejectsOf } from '../catalogue/rejects.ts'
import { loadFile } from '../update-db/load-file.ts'
import { HOLD } from './hold.ts'
import { LINE_BYTES_MAX } from './naive-rows.ts'
import { rowsText, sha256Of } from './receiver.ts'

/**
 * Loads rows, `differing` of them again with another price, and so many lines that are none; tells how often they were
 * read, and what is on record.
 */
async function holdWith(lines: number, lineBytes: number, differing = 0) {
  using catalogue = openCatalogue(':memory:')
  const rows = rowsText(Math.max(3, differing)) + rowsText(differing, 2)
  const text = `${rows}\n${`${'x'.repeat(lineBytes)}\n`.repeat(lines)}`
  const sha256 = sha256Of(Buffer.from(text))
  let reads = 0
  const bytes = async function* () {
    reads++
    yield Buffer.from(text)
  }
  const file = { sha256, filename: 'held.jsonl', receivedAt: 0 }
  const { state, result } = await loadFile(catalogue, {
    file,
    bytes,
    lineBytesMax: LINE_BYTES_MAX,
    hold: HOLD,
    now: () => 1,
  })
  const rejects = await Array.fromAsync(rejectsOf(catalogue.database, sha256))
  const { listings } = catalogue.database.get<{ listings: number }>('select count(*) as listings from listing')!
  return { reads, state, rejected: result.rejected, rows: result.rows, kept: rejects.length, listings }
}

test('a held file is read once, and its rejects are on record', async () => {
  const held = await holdWith(100, 10)
  assert.deepEqual(held, { reads: 1, state: 'held', rejected: 100, rows: 103, kept: 100, listings: 0 })
})

test('a held file of more rejects than memory is to hold is read once more, and they are on record too', async () => {
  const held = await holdWith(3_000, 2_000)
  assert.deepEqual(held, { reads: 2, state: 'held', rejected: 3_000, rows: 3_003, kept: 3_000, listings: 0 })
})

test('rows of a held file that differ are on record with its other rejects, however many these are', async () => {
  for (const { lines, reads } of [
    { lines: 600, reads: 2 },
    { lines: 3_000, reads: 4 },
  ]) {
    const { rows, ...held } = await holdWith(lines, 2_000, 500)
    const rejected = lines + 500
    assert.deepEqual(held, { reads, state: 'held', rejected, kept: rejected, listings: 0 })
    assert.equal(rows, lines + 1_000)
  }
})

test('rows of a held file that differ are all on record, also where only the first of them keep their bytes', async () => {
  const { rows, ...held } = await holdWith(3, 10, 12_000)
  assert.deepEqual(held, { reads: 2, state: 'held', rejected: 12_003, kept: 12_003, listings: 0 })
  assert.equal(rows, 24_003)
})

test('lines that differ are kept with their fields, and beyond the limit of memory they are counted', () => {
  const lines = new DifferingLines(3)
  const added = [
    [7, 'name'],
    [50_000_000, 'price_current'],
    [9, 'name'],
  ] as const
  for (const [line, field] of [...added, [10, 'size']] as const) lines.add(line, field)
  assert.deepEqual([...lines], added)
  assert.equal(lines.count, 4)
})
