/** What packing takes of memory does not grow with the number of files. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { temporaryFolder } from '../../../test/folders.ts'
import { rowsText, sha256Of } from './receiver.ts'

const PACKING = join(import.meta.dirname, 'packing-process.ts')
const KIB_MAX = 240 * 1024

test('files of some MiB that are packed one after the other take no more memory than few of them', async () => {
  await using at = await temporaryFolder()
  // Names that have nothing in common.
  const text = rowsText(12_000).replace(/Milk (\d+)/g, (_, number) => sha256Of(number).slice(0, 40))
  assert.ok(text.length > 2.5 * 2 ** 20)
  for (let day = 10; day < 28; day++)
    await writeFile(join(at.path, `${day}.jsonl`), text.replaceAll('2025-09-12', `2025-09-${day}`))
  const { stdout } = await promisify(execFile)(process.execPath, [PACKING, at.path])
  assert.equal((await readdir(at.path)).filter((name) => name.endsWith('.dcz')).length, 18)
  assert.ok(Number(stdout) < KIB_MAX, `${stdout} KiB`)
})
