import assert from 'node:assert/strict'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { digestOfFile } from '@splitcart/shared/digest.ts'
import { realDisk } from '@splitcart/shared/disk.ts'
import { makeFolder } from '@splitcart/shared/make-folder.ts'
import { temporaryFolder } from '../../../test/folders.ts'
import { fileStatsOf } from '../outbox.ts'
import { moveWithSidecar } from '../sidecar-move.ts'

const DISK = realDisk()

test('a file never takes the name of another one of the same length, and finds its own from before a crash', async () => {
  await using at = await temporaryFolder()
  const folder = join(at.path, 'archive')
  await makeFolder(DISK, folder)
  const moved = async (text: string) => {
    const path = join(at.path, 'x.jsonl')
    await writeFile(path, text)
    const { sha256 } = await digestOfFile(DISK, path)
    const sentStats = fileStatsOf(await DISK.lstat(path))
    return moveWithSidecar(
      DISK,
      { path, name: 'x.jsonl', sentStats, sha256, sidecarEnding: '.receipt.json', sidecar: { text } },
      folder,
    )
  }
  assert.equal(await moved('one'), 'x.jsonl')
  const other = await moved('two')
  assert.match(other, /^x-[0-9a-f]{8}\.jsonl$/)
  // As after a crash behind the move, when the file had not left the outbox.
  assert.equal(await moved('one'), 'x.jsonl')
  const note = other.replace(/\.jsonl$/, '.receipt.json')
  assert.deepEqual((await readdir(folder)).sort(), [note, other, 'x.jsonl', 'x.receipt.json'].sort())
  const texts = [other, 'x.jsonl'].map((name) => readFile(join(folder, name), 'utf8'))
  assert.deepEqual(await Promise.all(texts), ['two', 'one'])
})
