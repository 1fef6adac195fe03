/** What people and scripts read from commands that ask or change what a server has on record. */
import assert from 'node:assert/strict'
import { mkdir, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { foldersIn, makeFolders } from '@splitcart/data-management/folders.ts'
import { openLedger } from '@splitcart/data-management/ledger/ledger.ts'
import { realDisk } from '@splitcart/shared/disk.ts'
import { freePorts } from './free-ports.ts'
import { type Machines, openMachines } from './machines.ts'

const NONE = { rows: 3, inserted: 0, changed: 0, unchanged: 0, duplicate: 0, rejected: 0, warnings: 0 }
const HELD = { ...NONE, finished_at: '2026-01-01T00:00:00.000Z', problem: 'Most prices are ten times as high.' }
const ARRIVED = { kind: 'products', state: 'accepted', bytes: 9, lines: 3, wire_bytes: 9, received_at: 1_000 } as const

/** A server that has run: what holds `names`, and a key that was replaced by another. */
async function server(machines: Machines, names: readonly string[]) {
  const folders = foldersIn(machines.dataManagement)
  await makeFolders(realDisk(), folders, ['products'])
  await using ledger = openLedger(folders.data)
  for (const [index, filename] of names.entries()) {
    const sha256 = String(index).padStart(64, '0')
    const id = `0000000${index}-0000-7000-8000-000000000000`
    const { upload } = await ledger.arrivals.record(
      { ...ARRIVED, id, sha256, filename, stored_as: filename },
      'a',
      true,
    )
    await ledger.uploads.settle(upload.id, 'held', HELD, 2_000)
  }
  const { id } = await ledger.keys.create({ name: 'x', scopes: ['upload'], onlyFor: null, expiresAt: null }, Date.now())
  return id
}

async function answerOf(machines: Machines, args: readonly string[], expected = 0) {
  const { code, stdout, stderr } = await machines.run(args)
  assert.equal(code, expected, stderr)
  return {
    stdout,
    stderr,
    records: () =>
      stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line)),
  }
}

test('holds list says what is held and why, and only says that nothing is where nothing is', async () => {
  await using machines = await openMachines()
  await server(machines, ['one.jsonl', 'two.jsonl'])
  const { stdout } = await answerOf(machines, ['holds', 'list'])
  for (const said of ['one.jsonl', 'two.jsonl', HELD.problem, '2 uploads held. Release one:'])
    assert.ok(stdout.includes(said), stdout)
  assert.ok(!stdout.includes('Nothing is held'), stdout)
  const records = (await answerOf(machines, ['holds', 'list', '--json'])).records()
  assert.deepEqual(
    records.map(({ type, filename, held }) => [type, filename ?? held]),
    [
      ['file', 'two.jsonl'],
      ['file', 'one.jsonl'],
      ['summary', 2],
    ],
  )
  await using other = await openMachines()
  await server(other, [])
  assert.equal((await answerOf(other, ['holds', 'list'])).stdout, 'Nothing is held.\n')
})

test('every record has the names that the API has, and those of before beside them', async () => {
  await using machines = await openMachines()
  const outbox = join(machines.scraping, 'product_outbox')
  await mkdir(outbox, { recursive: true })
  await writeFile(join(outbox, 'x.jsonl'), '{}\n')
  // Long enough ago to be sent.
  await utimes(join(outbox, 'x.jsonl'), 1e9, 1e9)
  const [port] = await freePorts(1)
  const to = { API_SERVER_URL: `http://127.0.0.1:${port}`, API_SECRET_KEY: 'x'.repeat(40), UPLOAD_TRIES_MAX: '1' }
  const commands = [
    { args: ['upload-data'], code: 5, names: ['rejected_rows', 'wire_bytes'] },
    { args: ['archive', 'prune', '--dry-run'], code: 0, names: ['dry_run'] },
    { args: ['salvage'], code: 0, names: ['left_over'] },
  ]
  for (const { args, code, names } of commands) {
    const { code: ended, stdout, stderr } = await machines.run([...args, '--json'], to)
    assert.equal(ended, code, `${args}: ${stderr}`)
    const records = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>)
    const summary = records.find(({ type }) => type === 'summary')
    for (const name of names) {
      assert.ok(summary !== undefined && name in summary, `${args}: ${stdout}`)
      assert.deepEqual(summary[name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase())], summary[name])
    }
  }
})

test('a key gets all that is named, in one list or one by one', async () => {
  await using machines = await openMachines()
  await server(machines, [])
  const rights = ['--scope', 'upload', '--scope', 'read,upload', '--only', 'aldi', '--only', 'iga/7', '--json']
  const [made] = (await answerOf(machines, ['keys', 'create', 'a laptop', ...rights])).records()
  assert.deepEqual(
    [made?.scopes, made?.only],
    [
      ['upload', 'read'],
      ['aldi', 'iga/7'],
    ],
  )
  const [plain] = (await answerOf(machines, ['keys', 'create', 'another', '--json'])).records()
  assert.deepEqual([plain?.scopes, plain?.only], [['upload'], null])
})

test('keys revoke tells a script whether the key worked until now, and which no longer do', async () => {
  await using machines = await openMachines()
  const id = await server(machines, [])
  const revoke = ['keys', 'revoke', id, '--json']
  assert.deepEqual((await answerOf(machines, revoke)).records(), [{ type: 'summary', id, revoked: true, ids: [id] }])
  const again = await answerOf(machines, revoke, 1)
  assert.deepEqual(again.records(), [{ type: 'summary', id, revoked: false, ids: [] }])
  assert.match(again.stderr, /There is no working key with the id/)
})
