/** A small fleet of real processes, of which each may die: what `npm run torture -- fleet` does for minutes. */
import assert from 'node:assert/strict'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { openPostgresLedger } from '@splitcart/data-management/ledger/postgres.ts'
import pg from 'pg'
import { Chance } from '../packages/data-management/test/random.ts'
import { postGzip, rowsText } from '../packages/data-management/test/receiver.ts'
import { offsetOf, open } from '../packages/data-management/test/resumable-requests.ts'
import { outboxOf } from '../torture/chaos/shops.ts'
import { Fleet, NO_FLEET } from '../torture/fleet/fleet.ts'
import { campaign } from './campaign.ts'
import { openMachines, until } from './machines.ts'
import { NO_POSTGRES, startCluster } from './postgres.ts'
import { writeLargeFile } from './resume-scene.ts'

const MS_MAX = 400_000
const ANSWERED = /^splitcart_http_requests_total\{method="GET",route="\/api\/uploads",status="200"\} [1-9]/m

test(
  'two receivers and three loaders, killed with their NATS servers and PostgreSQL, load every file once',
  {
    skip: NO_FLEET,
    timeout: MS_MAX,
  },
  // How long a server that was cut off takes to catch up is what partitions.test.ts looks at.
  (t) => campaign(t, 'fleet', { files: 60, seconds: 15, cuts: 0, unwell: 0, older: 0 }),
)

test('a large file whose receiver dies half way is begun anew at another one, by the same sender', {
  skip: NO_FLEET,
  timeout: MS_MAX,
}, async () => {
  await using fleet = await Fleet.open({ nats: 1, receivers: 2, loaders: 1 })
  const folder = fleet.folderOf('sender')
  const sha256 = await writeLargeFile(outboxOf(folder), 6_000_000, new Chance(1))
  const settings = { RESUMABLE_BYTES_MIN: '1000', UPLOAD_RATE_MAX: '1M', UPLOAD_TRIES_MAX: '100' }
  const sending = fleet.sendOnce(folder, await fleet.makeKey(), { args: ['--wait'], settings })
  let first: number | undefined
  const look = async () => {
    first = await receiverWithBytes(fleet)
    return first !== undefined
  }
  await until(look, 'a receiver has some of its bytes')
  await fleet.killReceiver(first!)
  const { code, stdout, stderr } = await sending
  assert.equal(code, 0, stdout + stderr)
  await using ledger = await openPostgresLedger(fleet.settings.DATABASE_URL!)
  assert.equal((await ledger.uploads.findBySha256(sha256))?.state, 'loaded')
})

test('nginx takes each request about a resumable upload to the receiver that has it, spreads all others, and passes on events as they come', {
  skip: NO_FLEET,
  timeout: MS_MAX,
}, async () => {
  await using fleet = await Fleet.open({ nats: 1, receivers: 2, loaders: 1 })
  const { url } = fleet.balancer
  const key = await fleet.makeKey()
  const addresses = []
  for (let each = 0; each < 8; each++) addresses.push(await open({ url, key }))
  for (const address of addresses) assert.equal(await offsetOf({ url, key }, address), 0)
  const others = Array.from({ length: 40 }, () => fetch(`${url}/api/uploads`, { headers: { 'X-API-Key': key } }))
  assert.ok((await Promise.all(others)).every(({ status }) => status === 200))
  for (const receiver of [0, 1]) {
    const metrics = await fetch(`${fleet.receiverUrl(receiver)}/metrics`, { headers: { 'X-API-Key': key } })
    assert.match(await metrics.text(), ANSWERED)
  }
  const events = await fetch(`${url}/api/events`, { headers: { 'X-API-Key': key, Accept: 'text/event-stream' } })
  const reader = events.body!.getReader()
  assert.match(Buffer.from((await reader.read()).value!).toString(), /^event: reload$/m)
  await reader.cancel()
})

test('a request that comes to a receiver that is gone goes to the other one, and is answered once', {
  skip: NO_FLEET,
  timeout: MS_MAX,
}, async () => {
  await using fleet = await Fleet.open({ nats: 1, receivers: 2, loaders: 1 })
  const receiver = { url: fleet.balancer.url, key: await fleet.makeKey() }
  await fleet.killReceiver(0)
  const answers = []
  for (let each = 0; each < 12; each++) answers.push(await postGzip(receiver, `${each}.jsonl.gz`, rowsText(each + 1)))
  assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([201]))
  await using ledger = await openPostgresLedger(fleet.settings.DATABASE_URL!)
  const counts = await ledger.uploads.countByState()
  assert.equal(
    Object.values(counts).reduce((sum, count) => sum + count),
    12,
  )
})

test('machines with folders as their inboxes cannot share a database: the second loader says what they need', {
  skip: NO_POSTGRES,
}, async () => {
  await using postgres = await startCluster()
  await using made = await postgres.makeDatabase()
  await using one = await openMachines()
  await using other = await openMachines()
  const settings = { DATABASE_URL: made.address }
  const first = one.start(['update-db', '--products', '--watch'], settings)
  await until(() => isAtWork(made.address), 'the first one is at work')
  const refused = async () => (await other.run(['update-db', '--products'], settings)).code === 11
  assert.ok(await refused())
  const { stderr } = await other.run(['update-db', '--products'], settings)
  assert.match(stderr, /INBOX_URL=nats/)
  first.child.kill('SIGKILL')
  await first.ended
  await until(async () => !(await refused()), 'the second one may')
})

test('from any machine of a fleet a person takes a load out again and has it made once more, also with all that an older version made', {
  skip: NO_FLEET,
  timeout: MS_MAX,
}, async () => {
  await using fleet = await Fleet.open({ nats: 1, receivers: 1, loaders: 1 })
  const folder = fleet.folderOf('sender')
  await writeLargeFile(outboxOf(folder), 100_000, new Chance(1))
  assert.equal((await fleet.send(folder, await fleet.makeKey(), 120)).code, 0)
  const settings = { ...fleet.settings, DATA_MANAGEMENT_DATA_DIR: fleet.folderOf('desk') }
  for (const [what, state] of [
    ['undo', 'held'],
    ['replay', 'loaded'],
  ] as const) {
    const args = ['loads', what, 'large.jsonl', '--reason', 'a test']
    const { code, stdout, stderr } = await fleet.machines.run(args, settings)
    assert.equal(code, 0, stdout + stderr)
    assert.match(stdout, new RegExp(`large.jsonl is ${state}`))
  }
  await ask(fleet.settings.DATABASE_URL!, 'update catalogue.load set reader_version = 0')
  const receiver = { ...settings, DATA_MANAGEMENT_DATA_DIR: fleet.folderOf('receiver-0') }
  assert.match((await fleet.machines.run(['doctor'], receiver)).stdout, /1 load was made by an older version/)
  const { code, stdout, stderr } = await fleet.machines.run(['loads', 'replay', '--older'], settings)
  assert.equal(code, 0, stderr)
  assert.match(stdout, /^1 file loaded once more\.$/m)
})

/** A loader has a lock of the database for as long as it works. */
async function isAtWork(address: string): Promise<boolean> {
  const { rows } = await ask(
    address,
    `select 1 from pg_locks where locktype = 'advisory' and granted
      and (classid::bigint << 32) | objid::bigint = hashtextextended('splitcart loading from a folder', 0)`,
  )
  return rows.length > 0
}

async function ask(address: string, sql: string): Promise<pg.QueryResult> {
  const client = new pg.Client({ connectionString: address })
  await client.connect()
  try {
    return await client.query(sql)
  } finally {
    await client.end()
  }
}

async function receiverWithBytes(fleet: Fleet): Promise<number | undefined> {
  for (const receiver of [0, 1]) {
    const resumable = join(fleet.folderOf(`receiver-${receiver}`), 'product_inbox', '.resumable')
    // A folder may go while it is looked into.
    const names = await readdir(resumable, { recursive: true }).catch(() => [])
    if (names.some((name) => /\/[0-9a-f-]{36}$/.test(name))) return receiver
  }
  return undefined
}
