/** What machines say of themselves: kept with their keys, bounded, and looked at. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { realDisk } from '@splitcart/shared/disk.ts'
import { HOUR_MS } from '@splitcart/shared/time.ts'
import type { KeyPage } from '../http/routes/keys-schema.ts'
import type { MachineView } from '../http/routes/machines-schema.ts'
import { currentConditions } from '../notices/condition-changes.ts'
import { WELL } from './notice-rounds.ts'
import { assertProblem, get, openReceiver, post, postGzip, type Receiver, rowsText } from './receiver.ts'

const START = Date.parse('2026-03-01T12:00:00Z')
const SAID = {
  version: '0.1.0',
  platform: 'win32',
  arch: 'x64',
  waiting_files: 3,
  waiting_bytes: 4096,
  refused_files: 1,
  sent_at: '2026-03-01T11:50:00Z',
}

async function say({ url, key }: Pick<Receiver, 'url' | 'key'>, body: object): Promise<number> {
  const headers = { 'X-API-Key': key, 'Content-Type': 'application/json' }
  const answer = await fetch(`${url}/api/heartbeat`, { method: 'POST', headers, body: JSON.stringify(body) })
  await answer.arrayBuffer()
  return answer.status
}

async function machinesOf(receiver: Receiver, admin: string): Promise<(MachineView | null)[]> {
  const { keys } = (await get({ ...receiver, key: admin }, '/api/keys')).body as unknown as KeyPage
  return keys.filter(({ scopes }) => scopes.includes('upload')).map(({ machine }) => machine)
}

test('what a machine says last is kept with its key, six times a minute at most; what is no report is refused', async () => {
  const clock = { now: START }
  await using receiver = await openReceiver({ now: () => clock.now, steady: () => clock.now })
  const admin = await receiver.makeKey('admin')
  const headers = { 'Content-Type': 'application/json' }
  for (const wrong of [
    { version: '<script>' },
    { version: 'x'.repeat(51) },
    { platform: '\u202e' },
    { arch: '' },
    { waiting_files: -1 },
    { waiting_files: 1.5 },
    { waiting_bytes: 1e300 },
    { refused_files: 2e9 },
    { sent_at: 'now' },
    { sent_at: '2026-03-01T23:59:60Z' },
    { sent_at: undefined },
  ]) {
    const body = JSON.stringify({ ...SAID, ...wrong })
    assertProblem(await post(receiver, headers, body, '/api/heartbeat'), 400, 'request_invalid')
  }
  const reader = { ...receiver, key: await receiver.makeKey('read') }
  assertProblem(await post(reader, headers, JSON.stringify(SAID), '/api/heartbeat'), 403, 'scope_missing')
  assert.deepEqual(await machinesOf(receiver, admin), [null])
  assert.equal(await say(receiver, { ...SAID, said_by_a_newer_program: 1 }), 204)
  const { sent_at: _, ...said } = SAID
  const shown = { ...said, heard_at: '2026-03-01T12:00:00.000Z', clock_skew_seconds: 600, is_outdated: false }
  assert.deepEqual(await machinesOf(receiver, admin), [shown])

  for (let waiting_files = 20; waiting_files > 0; waiting_files--)
    assert.equal(await say(receiver, { ...SAID, waiting_files }), 204)
  assert.equal((await machinesOf(receiver, admin))[0]?.waiting_files, 16)
  clock.now += 10_000
  await say(receiver, { ...SAID, waiting_files: 0, sent_at: '2026-03-01T12:00:10.4Z' })
  const [last] = await machinesOf(receiver, admin)
  assert.deepEqual([last?.waiting_files, last?.clock_skew_seconds], [0, 0])
})

test('a clock that is off and a machine that is gone with files to send need a person, and monitoring has the sums', async () => {
  const clock = { now: START }
  await using receiver = await openReceiver({ now: () => clock.now })
  const other = { ...receiver, key: await receiver.makeKey('upload') }
  const ended = { ...receiver, key: await receiver.makeKey('upload') }
  await say(receiver, SAID)
  await say(other, { ...SAID, waiting_files: 1, sent_at: '2026-03-01T12:04:59Z' })
  await say(ended, { ...SAID, sent_at: '2020-01-01T00:00:00Z' })
  await receiver.ledger.keys.revoke(ended.key.split('_')[1]!, clock.now)
  const texts = async () => {
    const inbox = { ...receiver, disk: realDisk(), diskBytesKept: 0, now: () => clock.now }
    const found = await currentConditions({ catalogue: receiver.catalogue, inbox }, WELL)
    return found.filter(({ kind }) => kind === 'clock' || kind === 'machine').map(({ text }) => text)
  }
  const [id, otherId] = [receiver.key, other.key].map((key) => key.split('_')[1])
  assert.deepEqual(await texts(), [`The clock of a test (${id}) is 10 minutes behind that of the server`])
  const asked = await fetch(`${receiver.url}/metrics`, { headers: { 'X-API-Key': await receiver.makeKey('read') } })
  const figures = (await asked.text()).split('\n')
  for (const line of [
    'splitcart_machine_files{state="waiting"} 4',
    'splitcart_machine_files{state="refused"} 2',
    'splitcart_machine_waiting_bytes 8192',
  ])
    assert.ok(figures.includes(line), line)

  clock.now += 20 * HOUR_MS
  await say(other, { ...SAID, waiting_files: 2, sent_at: new Date(clock.now + 3 * HOUR_MS).toISOString() })
  clock.now += 20 * HOUR_MS
  assert.deepEqual(await texts(), [
    `The clock of a test (${otherId}) is 3 hours ahead of that of the server`,
    `3 files wait on a test (${id}), which has not been heard of since 2026-03-01`,
  ])

  // The program that reported is gone; an older one uses the same key, and a successor the other.
  assert.equal((await postGzip(other, 'x.jsonl.gz', rowsText(1))).status, 201)
  const successor = (await receiver.ledger.keys.rotate(id!, clock.now + 90 * 24 * HOUR_MS, clock.now))!
  clock.now += 10 * HOUR_MS
  assert.equal((await texts()).length, 1, 'nobody has the successor yet')
  await say(
    { ...receiver, key: successor.text },
    { ...SAID, waiting_files: 0, sent_at: new Date(clock.now).toISOString() },
  )
  assert.deepEqual(await texts(), [])
  assert.equal((await receiver.ledger.machines.totals(clock.now)).waiting_files, 2)
})
