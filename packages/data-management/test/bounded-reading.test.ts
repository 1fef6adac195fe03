/** What a reader keeps of a file, and hands over at a time, is bounded whatever its lines are made of. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HEAVY_FILES } from '../../../test/heavy-files.ts'
import { ROW, type RowBatch } from '../catalogue/load/row-batch.ts'
import { LocalReader } from '../update-db/reader.ts'
import { openSqlite } from './catalogues.ts'
import { loaderInto } from './loaded-rows.ts'

const MIB = 2 ** 20
const FILES = {
  'long texts in Cyrillic': 18,
  'distinct long names without SKUs': 12,
  'tiny lines that are no rows': 0.1,
}
// A batch may begin just below the bound, and all that is new in a MiB of a file is kept at most twice, as a name and as a code.
const KEPT_BYTES_MAX = (12 + 4) * MIB
const LINES_MAX = 2048

/** A file of so many bytes, a MiB at a time. */
function* chunksOf(line: (index: number) => string, bytesMin: number): Generator<Buffer> {
  let rest = Buffer.alloc(0)
  for (let index = 0, bytes = 0; bytes < bytesMin; ) {
    let text = ''
    for (const until = bytes + MIB / 4; text.length < MIB / 4 && bytes + text.length < until; index++)
      text += `${line(index)}\n`
    rest = Buffer.concat([rest, Buffer.from(text)])
    bytes += Buffer.byteLength(text)
    for (; rest.length >= MIB; rest = rest.subarray(MIB)) yield rest.subarray(0, MIB)
  }
  yield rest
}

/** What the new texts take in memory: two bytes for each character, where one of them is not Latin. */
function newBytesOf({ listings, labels }: RowBatch): number {
  const texts = [...listings.map(({ code }) => code), ...labels.map(({ text }) => text)]
  return texts.reduce((sum, text) => sum + (Buffer.byteLength(text) > text.length ? 2 : 1) * text.length, 0)
}

for (const [name, mebibytes] of Object.entries(FILES))
  test(`of ${name} no more is kept than of others`, async () => {
    const { line } = HEAVY_FILES.find((file) => file.name === name)!
    async function* bytes() {
      yield* chunksOf(line, mebibytes * MIB)
    }
    let [kept, lines] = [0, 0]
    for await (const batch of new LocalReader().batches({ bytes, lineBytesMax: MIB })) {
      kept = newBytesOf(batch) + (batch.forget ? 0 : kept)
      lines += batch.count
      assert.ok(kept <= KEPT_BYTES_MAX, `${kept} bytes of texts are kept`)
      assert.ok(batch.count <= LINES_MAX, `${batch.count} lines at a time`)
      assert.equal(batch.rows.length, (batch.count - batch.rejects.length) * ROW.length)
    }
    assert.ok(lines > 1_000)
  })

test('of a file of very many lines that are no rows some are on record, and the rest is not read', async () => {
  await using catalogue = await openSqlite()
  const { state, result } = await loaderInto(catalogue)(Buffer.from('1\n'.repeat(110_000)))
  assert.equal(state, 'failed')
  assert.match(result.problem ?? '', /Most of its lines are no rows, more than 100000 of them: it was read no further/)
  assert.ok(result.rejected > 100_000 && result.rejected < 100_000 + 2 * LINES_MAX, `${result.rejected} are on record`)
  const kept = await catalogue.database.get<{ count: number }>('select count(*) as count from reject')
  assert.deepEqual([kept?.count, result.rows], [result.rejected, result.rejected])
})
