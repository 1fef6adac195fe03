/** What PostgreSQL does to a fleet when nothing has died: it can only be read, is told to be quick, lets nobody in. No file is blamed. */
import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import pg from 'pg'
import { get, postGzip, rowsText } from '../packages/data-management/test/receiver.ts'
import { Fleet, NO_FLEET } from '../torture/fleet/fleet.ts'
import { temporaryFolder } from './folders.ts'
import { openMachines, until } from './machines.ts'
import { startNats } from './nats.ts'
import { startCluster } from './postgres.ts'

const FILES = 30

type Receiver = Readonly<{ url: string; key: string }>

type Scene = Readonly<{
  fleet: Fleet
  receiver: Receiver
  database: string
  postgres: pg.Client
  passwords: string
  /** Ends all connections: the pools make new ones. */
  anew: () => Promise<unknown>
  /** Says how PostgreSQL lets somebody in from now on, as in pg_hba.conf; empty: everybody. */
  letIn: (how: string) => Promise<void>
}>

test('a database that can only be read, is hasty or lets nobody in keeps files waiting, and none is blamed for it', {
  skip: NO_FLEET,
  timeout: 300_000,
}, async (t) => {
  await using at = await temporaryFolder()
  const passwords = join(at.path, 'pgpass')
  process.env.PGPASSFILE = passwords
  await using fleet = await Fleet.open({ nats: 1, receivers: 1, loaders: 1 })
  const receiver = { url: fleet.receiverUrl(0), key: await fleet.makeKey() }
  const database = new URL(fleet.settings.DATABASE_URL!).pathname.slice(1)
  await using postgres = await adminOf(fleet.postgres.address)
  const anew = () =>
    postgres.query('select pg_terminate_backend(pid) from pg_stat_activity where datname = $1', [database])
  const { rows } = await postgres.query<{ file: string }>("select current_setting('hba_file') as file")
  const { file } = rows[0]!
  const trusting = await readFile(file)
  const letIn = async (how: string) => {
    await writeFile(file, how === '' ? trusting : `local ${database} all ${how}\n${trusting}`)
    await postgres.query('select pg_reload_conf()')
    await anew()
  }
  const scene = { fleet, receiver, database, postgres, passwords, anew, letIn }
  await t.test('it can only be read', () => onlyRead(scene))
  await t.test('whoever made the role wants every statement to be quick', () => hasty(scene))
  await t.test('it lets nobody in', () => lettingNobodyIn(scene))
  await t.test('the password is another one, and stands in a file', () => otherPassword(scene))
})

test('programs that start before PostgreSQL and NATS wait for them, and then serve and load', {
  skip: NO_FLEET,
  timeout: 300_000,
}, async () => {
  await using cluster = await startCluster()
  await using nats = await startNats(1)
  await using machines = await openMachines()
  const { address } = await cluster.makeDatabase()
  const settings = { DATABASE_URL: address, INBOX_URL: nats.address }
  await cluster.kill()
  await nats.kill(0)
  const folder = join(machines.path, 'loader')
  const starting = ['serve', 'update-db'].map((program) => {
    const own = program === 'serve' ? ['--port', '0', '--no-update-db'] : ['--products', '--watch']
    return machines.start([program, ...own], {
      ...settings,
      ...(program === 'serve' ? {} : { DATA_MANAGEMENT_DATA_DIR: folder }),
    })
  })
  const waits = (what: string) => until(() => starting.every((each) => each.printed().includes(what)), what, 120_000)
  await waits('"code":"database_unreachable"')
  await cluster.start()
  await waits('"code":"inbox_unreachable"')
  await nats.start(0)
  await until(() => starting[0]!.printed().includes('Listening on'), 'it listens', 120_000)
  const once = await machines.run(['update-db', '--products'], {
    ...settings,
    DATABASE_URL: 'postgres://127.0.0.1:9/x',
  })
  assert.equal(once.code, 1, 'what runs once says at once what is away')
  const url = /Listening on (http:\S+)/.exec(starting[0]!.printed())?.[1] ?? ''
  const { stdout } = await machines.run(['keys', 'create', 'a', '--scope', 'upload'], settings)
  const receiver = { url, key: stdout.trim() }
  const { body } = await postGzip(receiver, 'first.jsonl.gz', rowsText(5))
  await until(
    async () => ((await get(receiver, `/api/uploads/${body.id}`)).body as { state?: string }).state === 'loaded',
    'it is loaded',
    120_000,
  )
  const status = await machines.run(['status'], settings)
  assert.match(status.stdout, /^ {2}in NATS: 0 waiting, 0 being loaded; loaders are there$/m)
})

async function onlyRead({ fleet, receiver, database, postgres, anew }: Scene): Promise<void> {
  await send(receiver, 'before', FILES)
  await postgres.query(`alter database ${database} set default_transaction_read_only = on`)
  await anew()
  await refused(receiver)
  const ready = await fetch(`${receiver.url}/readyz`)
  const checks = { ledger: false, catalogue: true, disk: true, inbox: true }
  assert.deepEqual([ready.status, await ready.json()], [503, { status: 'not ready', checks }])
  await until(async () => fleet.printed().includes('waiting for what cannot be reached'), 'a loader waits')
  const own = { DATA_MANAGEMENT_DATA_DIR: fleet.folderOf('receiver-0') }
  const doctor = await fleet.machines.run(['doctor'], { ...fleet.settings, ...own })
  assert.match(doctor.stdout, /ledger.*it can only be read/)
  assert.match(doctor.stdout, /update-db +is what other machines of the fleet run/)
  await postgres.query(`alter database ${database} reset default_transaction_read_only`)
  await anew()
  await allLoaded(receiver)
}

async function hasty({ receiver, database, postgres, anew }: Scene): Promise<void> {
  const names = ['statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout']
  for (const name of names) await postgres.query(`alter database ${database} set ${name} = '1ms'`)
  await anew()
  await send(receiver, 'hasty', FILES)
  await allLoaded(receiver)
  for (const name of names) await postgres.query(`alter database ${database} reset ${name}`)
}

async function lettingNobodyIn({ receiver, letIn }: Scene): Promise<void> {
  await send(receiver, 'late', FILES)
  await letIn('reject')
  await refused(receiver)
  const answer = await fetch(`${receiver.url}/readyz`)
  const { checks } = (await answer.json()) as { checks: object }
  assert.deepEqual(checks, { ledger: false, catalogue: false, disk: true, inbox: true })
  await letIn('')
  await allLoaded(receiver)
}

async function otherPassword({ receiver, postgres, passwords, anew, letIn }: Scene): Promise<void> {
  const setPassword = (password: string) => postgres.query(`alter role splitcart password '${password}'`)
  const write = (password: string) => writeFile(passwords, `*:*:*:*:${password}\n`, { mode: 0o600 })
  await setPassword('first')
  await write('first')
  await letIn('scram-sha-256')
  await send(receiver, 'first password', 1)
  await setPassword('second')
  await anew()
  await refused(receiver)
  await write('second')
  await until(async () => (await fetch(`${receiver.url}/readyz`)).status === 200, 'it lets them in')
  await send(receiver, 'second password', 1)
  await allLoaded(receiver)
}

async function adminOf(address: string) {
  const client = new pg.Client({ connectionString: address })
  await client.connect()
  return Object.assign(client, { [Symbol.asyncDispose]: () => client.end() })
}

let sent = 0

async function send(receiver: Receiver, name: string, count: number): Promise<void> {
  for (let index = 0; index < count; index++) {
    // The same rows in other bytes.
    const text = rowsText(20) + '\n'.repeat(sent++)
    // A connection that has just been ended is found out by whoever uses it: that one is told to come again.
    let status = 503
    const isAnswered = async () => {
      status = (await postGzip(receiver, `${name}-${index}.jsonl.gz`, text)).status
      return status !== 503
    }
    await until(isAnswered, 'it is answered', 60_000)
    assert.equal(status, 201)
  }
}

async function refused(receiver: Receiver): Promise<void> {
  const post = () => postGzip(receiver, 'refused.jsonl.gz', rowsText(21))
  await until(async () => (await post()).status === 503, 'the receiver notices')
  const { body, headers } = await post()
  assert.equal(body.code, 'database_unreachable')
  assert.ok(Number(headers.get('retry-after')) > 0)
}

async function allLoaded({ url, key }: Receiver): Promise<void> {
  const states = async () => {
    const answer = await fetch(`${url}/api/uploads?limit=200`, { headers: { 'X-API-Key': key } })
    if (answer.status !== 200) return ['not answered']
    return ((await answer.json()) as { uploads: { state: string }[] }).uploads.map(({ state }) => state)
  }
  await until(
    async () => (await states()).every((state) => state === 'loaded' || state === 'held'),
    'all are dealt with',
  )
  assert.deepEqual([...new Set(await states())], ['loaded'])
}
