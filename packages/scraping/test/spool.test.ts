import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { appendFileSync } from 'node:fs'
import { appendFile, readdir, readFile, rm, symlink, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { gunzipSync, zstdDecompressSync } from 'node:zlib'
import type { Disk } from '@splitcart/shared/disk.ts'
import { type OutboxFile, scanOutbox } from '../outbox.ts'
import { cleanSpool, type Spooled, spool } from '../spool.ts'
import { disk, freshPlace, type Place, putInOutbox } from './place.ts'

const TEXT = '{"a": "bread"}\n{"a": "milk"}\n{"a": "no newline"}'

async function waitingFile(place: Place, name = 'x.jsonl', text = TEXT): Promise<OutboxFile> {
  await putInOutbox(place, name, text)
  return (await scanOutbox(disk, place.folders.outbox)).waiting.find((file) => file.name === name)!
}

async function spoolOf(place: Place, file: OutboxFile, encoding: 'zstd' | 'gzip' = 'zstd'): Promise<Spooled> {
  const spooled = await spool(disk, place.folders, file, { encoding })
  assert.ok(spooled)
  return spooled
}

for (const [encoding, decode] of [
  ['zstd', zstdDecompressSync],
  ['gzip', gunzipSync],
] as const) {
  test(`a ${encoding} copy holds the file, and its digest is that of the file`, async () => {
    await using place = await freshPlace()
    const spooled = await spoolOf(place, await waitingFile(place), encoding)
    const bytes = await readFile(spooled.path)
    assert.equal(decode(bytes).toString(), TEXT)
    assert.equal(spooled.spooledBytes, bytes.length)
    assert.equal(spooled.sha256, createHash('sha256').update(TEXT).digest('hex'))
    assert.deepEqual([spooled.bytes, spooled.lines], [TEXT.length, 3])
  })
}

for (const [encoding, decode] of [
  ['zstd', zstdDecompressSync],
  ['gzip', gunzipSync],
] as const)
  test(`a ${encoding} copy of a file of many segments holds every byte of it, in its order`, async () => {
    await using place = await freshPlace()
    const lines = Array.from({ length: 200_000 }, (_, index) => `${index} ${'x'.repeat(index % 97)}`)
    const text = lines.join('\n')
    const spooled = await spoolOf(place, await waitingFile(place, 'x.jsonl', text), encoding)
    assert.equal(spooled.sha256, createHash('sha256').update(text).digest('hex'))
    assert.ok(decode(await readFile(spooled.path)).equals(Buffer.from(text)))
  })

test('a file that the disk cannot read to its end has no copy', { timeout: 10_000 }, async () => {
  await using place = await freshPlace()
  const file = await waitingFile(place)
  const broken = Object.assign(new Error('i/o error'), { code: 'EIO' })
  const open: Disk['open'] = async (path, flags, mode) => {
    const handle = await disk.open(path, flags, mode)
    if (path === file.path) handle.read = () => Promise.reject(broken)
    return handle
  }
  await assert.rejects(spool({ ...disk, open }, place.folders, file, { encoding: 'zstd' }), broken)
  assert.deepEqual(await readdir(place.folders.spool), [])
})

test('an empty file has a copy that is not empty', async () => {
  await using place = await freshPlace()
  const spooled = await spoolOf(place, await waitingFile(place, 'x.jsonl', ''))
  assert.ok(spooled.spooledBytes > 0)
  assert.deepEqual([spooled.bytes, spooled.lines], [0, 0])
})

test('a copy is used again while the file is the same, and not after it changed', async () => {
  await using place = await freshPlace()
  const file = await waitingFile(place)
  const first = await spoolOf(place, file)
  await writeFile(first.path, 'x'.repeat(first.spooledBytes))
  assert.deepEqual(await spoolOf(place, file), first)
  assert.match(await readFile(first.path, 'utf8'), /^x+$/, 'the same copy was not made twice')
  await appendFile(file.path, '\n{}\n')
  const second = await spoolOf(place, (await scanOutbox(disk, place.folders.outbox)).waiting[0]!)
  assert.equal(zstdDecompressSync(await readFile(second.path)).toString(), `${TEXT}\n{}\n`)
})

test('a copy that is damaged, not described or in another encoding is made again', async () => {
  await using place = await freshPlace()
  const file = await waitingFile(place)
  const spooled = await spoolOf(place, file)
  await truncate(spooled.path, 3)
  await spoolOf(place, file)
  assert.equal(zstdDecompressSync(await readFile(spooled.path)).toString(), TEXT)
  await writeFile(join(place.folders.spool, 'x.jsonl.json'), '{"half')
  await spoolOf(place, file)
  await spoolOf(place, file, 'gzip')
  assert.deepEqual((await readdir(place.folders.spool)).sort(), ['x.jsonl.gz', 'x.jsonl.json'])
})

test('a file that is written to while it is read is not sent', async () => {
  await using place = await freshPlace()
  const file = await waitingFile(place, 'x.jsonl', `${TEXT}\n`.repeat(20_000))
  let grown = false
  const onRead = () => {
    if (grown) return
    grown = true
    appendFileSync(file.path, 'more\n')
  }
  await assert.rejects(spool(disk, place.folders, file, { encoding: 'zstd', onRead }), { code: 'file_changed' })
  assert.deepEqual(await readdir(place.folders.spool), [])
})

test('a file that is gone has no copy, and a link in its place is not followed', async () => {
  await using place = await freshPlace()
  const file = await waitingFile(place)
  await rm(file.path)
  assert.equal(await spool(disk, place.folders, file, { encoding: 'zstd' }), undefined)
  await symlink('/etc/passwd', file.path)
  await assert.rejects(spool(disk, place.folders, file, { encoding: 'zstd' }), { code: 'file_changed' })
})

test('copies of files that do not wait any more are removed', async () => {
  await using place = await freshPlace()
  const kept = await waitingFile(place, 'kept.jsonl')
  await spoolOf(place, kept)
  await spoolOf(place, await waitingFile(place, 'gone.jsonl'))
  await cleanSpool(disk, place.folders, [kept])
  assert.deepEqual((await readdir(place.folders.spool)).sort(), ['kept.jsonl.json', 'kept.jsonl.zst'])
})
