import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdir, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { scanOutbox } from '../outbox.ts'
import { disk, freshPlace, putInOutbox } from './place.ts'

test('what waits is listed oldest first, and by name where the times are equal', async () => {
  await using place = await freshPlace()
  const times = { 'c.jsonl': 100, 'b.jsonl': 200, 'a.jsonl': 200, 'd.jsonl': 50 }
  for (const [name, time] of Object.entries(times)) await utimes(await putInOutbox(place, name, '{}\n'), time, time)
  const { waiting, skipped } = await scanOutbox(disk, place.folders.outbox)
  assert.deepEqual(
    waiting.map(({ name }) => name),
    ['d.jsonl', 'c.jsonl', 'a.jsonl', 'b.jsonl'],
  )
  assert.deepEqual(skipped, [])
})

test('whatever is no file to send is reported with the reason and never opened', {
  skip: process.platform === 'win32',
}, async () => {
  await using place = await freshPlace()
  const { outbox } = place.folders
  await mkdir(join(outbox, 'folder.jsonl'))
  await symlink('/etc/passwd', join(outbox, 'link.jsonl'))
  execFileSync('mkfifo', [join(outbox, 'fifo.jsonl')])
  await putInOutbox(place, 'text.txt', '')
  await putInOutbox(place, 'x.rejects.jsonl', '')
  await putInOutbox(place, 'a:b.jsonl', '')
  await putInOutbox(place, '.hidden.jsonl', '')
  await writeFile(Buffer.concat([Buffer.from(`${outbox}/`), Buffer.from([0xff]), Buffer.from('.jsonl')]), '')
  const { waiting, skipped } = await scanOutbox(disk, outbox)
  assert.deepEqual(waiting, [])
  assert.deepEqual(Object.fromEntries(skipped.map(({ name, reason }) => [name, reason])), {
    'folder.jsonl': 'is a folder',
    'link.jsonl': 'is a link',
    'fifo.jsonl': 'is a FIFO',
    'text.txt': 'does not end in .jsonl',
    'x.rejects.jsonl': 'ends in .rejects.jsonl, which is the name of rejected rows',
    'a:b.jsonl': "has a character other than letters, digits, space and ._-()'+,@&=",
    '\ufffd.jsonl': 'has a name that is not UTF-8',
  })
})

test('an outbox that is not there is empty', async () => {
  await using place = await freshPlace()
  await rm(place.folders.outbox, { recursive: true })
  assert.deepEqual(await scanOutbox(disk, place.folders.outbox), { waiting: [], skipped: [] })
})
