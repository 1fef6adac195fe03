/** What a machine tells its server of itself. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdir, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { HOUR_MS } from '@splitcart/shared/time.ts'
import { MachineReporter } from '../machine-reporter.ts'
import { createUploadClient } from '../upload-client.ts'
import { uploadKinds } from '../upload-kinds.ts'
import { watchOutbox } from '../watch.ts'
import { problem } from './any-server.ts'
import { disk, putInOutbox, row, textOf } from './place.ts'
import { freshSender, KEY, type Sender } from './sender.ts'

const OWN = { version: '0.1.0', platform: 'win32', arch: 'x64' }
const BREAD = textOf(row('Bread'))

function reportsIn({ server }: Sender): Record<string, unknown>[] {
  return server.heard.filter(({ path }) => path === '/api/heartbeat').map(({ body }) => JSON.parse(body.toString()))
}

test('a run tells once, for all kinds, what still waits and what was refused', async () => {
  await using sender = await freshSender()
  const { place, server } = sender
  const now = Date.parse('2026-03-01T12:00:00Z')
  const clock = { now: () => now, steady: () => 0, sleep: async () => {} }
  const reporter = new MachineReporter({ disk, dataDir: place.dataDir, clock, ...OWN })
  await putInOutbox(place, 'a.jsonl', BREAD)
  await putInOutbox(place, 'never.JSONL', BREAD)
  await writeFile(join(place.folders.refused, 'b.jsonl'), BREAD)
  await writeFile(join(place.folders.refused, 'b.problem.json'), '{}')
  await mkdir(join(place.dataDir, 'stores_outbox'))
  await writeFile(join(place.dataDir, 'stores_outbox', 's.jsonl'), 'four')
  const job = { ...sender.job, reporter }
  await uploadKinds([job, job], { wait: false })
  const waiting = { waiting_files: 1, waiting_bytes: 4, refused_files: 1 }
  assert.deepEqual(reportsIn(sender), [{ ...OWN, ...waiting, sent_at: '2026-03-01T12:00:00.000Z' }])
  const [report] = server.heard.filter(({ path }) => path === '/api/heartbeat')
  assert.equal(report?.headers['x-api-key'], KEY)
})

test('a server that does not take reports, or is away, is no fault, and an older one is left alone for an hour', async () => {
  const stop = new AbortController()
  const [rounds, answers] = [12, new Map<number, () => void>()]
  let [steady, round] = [0, 0]
  const sleep = async (ms: number) => {
    steady += ms
    answers.get(++round)?.()
    if (round === rounds) stop.abort()
  }
  const clock = { now: () => steady, steady: () => steady, sleep }
  await using sender = await freshSender({ signal: stop.signal, clock })
  const { server, place } = sender
  server.report = { status: 503, body: problem(503, 'shutting_down') }
  answers.set(2, () => (server.report = { status: 404, body: problem(404, 'not_found') }))
  const reporter = new MachineReporter({ disk, dataDir: place.dataDir, clock, ...OWN })
  const summary = await watchOutbox({ ...sender.job, reporter }, { everyMs: 600_000 })
  // Of two hours one is told: that the watch runs.
  const alive = { type: 'alive', sent: 0, sinceMs: HOUR_MS, waiting: 0 }
  assert.deepEqual([summary.outcome, sender.events], ['done', [alive]])
  // At the ends of the first two rounds, of the third, and of the one an hour after that.
  assert.deepEqual(
    reportsIn(sender).map(({ sent_at }) => Date.parse(String(sent_at)) / 600_000),
    [0, 1, 2, 8],
  )
  await server.close()
  const client = createUploadClient({ server: server.url, key: KEY })
  await new MachineReporter({ disk, dataDir: place.dataDir, ...OWN }).send(client)
})

test('whoever is told to stop waits for no answer to its report', { timeout: 60_000 }, async (context) => {
  const stop = new AbortController()
  const server = createServer(() => stop.abort()).listen(0, '127.0.0.1')
  context.after(() => {
    server.closeAllConnections()
    server.close()
  })
  await once(server, 'listening')
  await using sender = await freshSender({ signal: stop.signal })
  const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  const reporter = new MachineReporter({ disk, dataDir: sender.place.dataDir, ...OWN })
  const { report } = createUploadClient({ server: url, key: KEY })
  const job = { ...sender.job, reporter, client: { ...sender.job.client, report } }
  // Nobody gives up because of the time.
  context.mock.timers.enable({ apis: ['setTimeout'] })
  const summary = await watchOutbox(job, { everyMs: 600_000 })
  assert.deepEqual([stop.signal.aborted, summary.outcome, sender.events], [true, 'done', []])
})
