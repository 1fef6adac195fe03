/** What a run leaves to be known: the note about it, and the heartbeat. */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Disk } from '@splitcart/shared/disk.ts'
import { requestHeartbeat } from '../heartbeat.ts'
import { readLastRun } from '../last-run.ts'
import { problem } from './any-server.ts'
import { disk, putInOutbox, row, textOf } from './place.ts'
import { freshSender, KEY, upload } from './sender.ts'

const BREAD = textOf(row('Bread'))

test('a run leaves a note: how it ended, why, what waits, and when the last good one was', async () => {
  await using sender = await freshSender()
  const { folders } = sender.place
  assert.equal(await readLastRun(disk, folders), undefined)
  await putInOutbox(sender.place, 'a.jsonl', BREAD)
  await upload(sender)
  const good = await readLastRun(disk, folders)
  assert.deepEqual([good?.outcome, good?.waiting, good?.problem], ['done', 0, null])
  assert.equal(good?.last_good_at, good?.finished_at)
  await putInOutbox(sender.place, 'b.jsonl', BREAD)
  sender.server.next.push({ status: 401, body: problem(401, 'key_refused') })
  await upload(sender)
  const bad = await readLastRun(disk, folders)
  assert.deepEqual([bad?.outcome, bad?.waiting, bad?.problem?.code], ['key_refused', 1, 'key_refused'])
  assert.deepEqual([bad?.last_good_at, bad?.next_try_at], [good?.finished_at, null])
  assert.ok(!(await readFile(join(folders.spool, 'last-run.json'), 'utf8')).includes(KEY))
})

test('what this machine refuses ends the run, and the note says so', async () => {
  const full = Object.assign(new Error('no space left on device'), { code: 'ENOSPC', syscall: 'write' })
  const open: Disk['open'] = (path, flags, mode) =>
    String(path).endsWith('.zst') ? Promise.reject(full) : disk.open(path, flags, mode)
  await using sender = await freshSender({ disk: { ...disk, open } })
  await putInOutbox(sender.place, 'a.jsonl', BREAD)
  await assert.rejects(upload(sender), { code: 'ENOSPC', message: 'a.jsonl: no space left on device' })
  const note = await readLastRun(disk, sender.place.folders)
  assert.deepEqual([note?.outcome, note?.problem?.code, note?.waiting], ['failed', 'machine_refused', 1])
})

test('a note that cannot be written is a warning, and the run is what it was', async () => {
  const full = Object.assign(new Error('no space left on device'), { code: 'ENOSPC', syscall: 'open' })
  const open: Disk['open'] = (path, flags, mode) =>
    String(path).includes('last-run') ? Promise.reject(full) : disk.open(path, flags, mode)
  await using sender = await freshSender({ disk: { ...disk, open } })
  await putInOutbox(sender.place, 'a.jsonl', BREAD)
  assert.equal((await upload(sender)).outcome, 'done')
  assert.deepEqual(
    sender.events.flatMap((event) => (event.type === 'warning' ? [event.name] : [])),
    ['last-run.json'],
  )
})

/** A service that hears heartbeats and answers them with a status. */
async function service(status: number): Promise<AsyncDisposable & { url: URL; heard: IncomingMessage[] }> {
  const heard: IncomingMessage[] = []
  const server = createServer((request, response) => {
    heard.push(request)
    if (status > 0) response.writeHead(status, { location: '/elsewhere' }).end()
  })
  server.listen(0, '127.0.0.1')
  await new Promise((listening) => server.on('listening', listening))
  const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/secret-path`)
  const close = async () => {
    server.closeAllConnections()
    server.close()
  }
  return { url, heard, [Symbol.asyncDispose]: close }
}

test('the heartbeat is asked after a good run only, without a key', async () => {
  await using ears = await service(200)
  await using sender = await freshSender({ heartbeat: ears.url })
  await putInOutbox(sender.place, 'a.jsonl', BREAD)
  sender.server.next.push('cut', 'cut', 'cut')
  await upload(sender)
  assert.equal(ears.heard.length, 0)
  await upload(sender)
  assert.deepEqual(
    ears.heard.map(({ method, url }) => [method, url]),
    [['GET', '/secret-path']],
  )
  assert.ok(!JSON.stringify(ears.heard[0]?.headers).includes(KEY))
})

test('a heartbeat that fails is a warning that keeps its path to itself, and a redirect is not followed', async () => {
  for (const status of [302, 500]) {
    await using ears = await service(status)
    await using sender = await freshSender({ heartbeat: ears.url })
    const summary = await upload(sender)
    assert.equal(summary.outcome, 'done')
    const [warning] = sender.events.flatMap((event) => (event.type === 'warning' ? [event.problem] : []))
    assert.equal(warning?.code, 'heartbeat_unanswered')
    assert.match(warning.detail, new RegExp(`^127\\.0\\.0\\.1:\\d+: it answered ${status}$`))
    assert.equal(ears.heard.length, 1)
  }
})

test('a heartbeat that is not answered is given up', async () => {
  await using ears = await service(0)
  await assert.rejects(requestHeartbeat(ears.url, 50), { code: 'heartbeat_unanswered' })
})
