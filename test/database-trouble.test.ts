/** What PostgreSQL does to a fleet when nothing has died: it can only be read, is told to be quick, lets nobody in. No file is blamed. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import pg from 'pg'
import { get, postGzip, rowsText } from '../packages/data-management/test/receiver.ts'
import { Fleet, NO_FLEET } from '../torture/fleet/fleet.ts'
import { UnwellPostgres } from '../torture/fleet/unwell-postgres.ts'
import { temporaryFolder } from './folders.ts'
import { openMachines, until } from './machines.ts'
import { startNats } from './nats.ts'
import { startCluster } from './postgres.ts'

const FILES = 30
// A state is that of a connection, a transaction, a disk or a person: never that of a file.
const STATES = [
  ...[
    '08006',
    '25006',
    '25P03',
    '25P04',
    '53100',
    '53200',
    '53300',
    '53400',
    '55P03',
    '57014',
    '57P01',
    '57P03',
    '58030',
  ],
  '42501',
]
const STATES_OF_A_FOLDER = ['25006', '53100', '57014']
// Says the state of a line of `trouble` instead of taking records; to a loader every other time.
const SAYING = `create table public.trouble (place text, state text);
  create sequence public.troubles;
  create function public.say_trouble() returns trigger language plpgsql as $$
  declare said text := (select state from public.trouble where place = tg_table_name);
  begin
    if said is not null and (tg_table_name = 'upload' or nextval('public.troubles') % 2 = 1) then
      raise exception 'trouble %', said using errcode = said;
    end if;
    return null;
  end $$;
  create trigger trouble before insert on ledger.upload for each statement execute function public.say_trouble();
  create trigger trouble before insert on catalogue.load for each statement execute function public.say_trouble();`

type Receiver = Readonly<{ url: string; key: string }>

type Scene = Readonly<{ fleet: Fleet; receiver: Receiver; postgres: UnwellPostgres }>

test('a database that can only be read, is hasty or lets nobody in keeps files waiting, and none is blamed for it', {
  skip: NO_FLEET,
  timeout: 300_000,
}, async (t) => {
  await using at = await temporaryFolder()
  const passwords = join(at.path, 'pgpass')
  await using fleet = await Fleet.open({ nats: 1, receivers: 1, loaders: 1 }, { settings: { PGPASSFILE: passwords } })
  const receiver = { url: fleet.receiverUrl(0), key: await fleet.makeKey() }
  const address = fleet.settings.DATABASE_URL!
  const postgres = await UnwellPostgres.open({ cluster: fleet.postgres, address, passwords })
  const scene = { fleet, receiver, postgres }
  await t.test('it can only be read', () => onlyRead(scene))
  await t.test('whoever made the role wants every statement to be quick', () => hasty(scene))
  await t.test('it lets nobody in', () => lettingNobodyIn(scene))
  await t.test('it says any of its own states', () =>
    eachState({ receiver, address, printed: () => fleet.printed() }, STATES),
  )
  await t.test('the password is another one, and stands in a file', () => otherPassword(scene))
  await t.test('it says some of them to a server with a folder as its inbox', async () => {
    const { address } = await fleet.postgres.makeDatabase()
    const settings = { DATABASE_URL: address, DATA_MANAGEMENT_DATA_DIR: fleet.folderOf('alone') }
    const server = await fleet.machines.serve([], settings)
    const { stdout } = await fleet.machines.run(['keys', 'create', 'a', '--scope', 'upload,read'], settings)
    const alone = { receiver: { url: server.url, key: stdout.trim() }, address, printed: server.printed }
    await eachState(alone, STATES_OF_A_FOLDER)
    await oneIsTooLarge(alone)
    assert.doesNotMatch(server.printed(), /file could not be loaded/)
  })
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
  // What is loaded is so a moment before NATS is told.
  const told = async () => (await machines.run(['status'], settings)).stdout
  const isTold = async () => /^ {2}in NATS: 0 waiting, 0 being loaded; loaders are there$/m.test(await told())
  await until(isTold, 'status says so')
})

async function onlyRead({ fleet, receiver, postgres }: Scene): Promise<void> {
  await send(receiver, 'before', FILES)
  await postgres.letWrite(false)
  await refused(receiver)
  const ready = await fetch(`${receiver.url}/readyz`)
  const checks = { ledger: false, catalogue: true, disk: true, inbox: true }
  assert.deepEqual([ready.status, await ready.json()], [503, { status: 'not ready', checks }])
  await until(async () => fleet.printed().includes('waiting for what cannot be reached'), 'a loader waits')
  const own = { DATA_MANAGEMENT_DATA_DIR: fleet.folderOf('receiver-0') }
  const doctor = await fleet.machines.run(['doctor'], { ...fleet.settings, ...own })
  assert.match(doctor.stdout, /ledger.*it can only be read/)
  assert.match(doctor.stdout, /update-db +is what other machines of the fleet run/)
  await postgres.letWrite(true)
  await allLoaded(receiver)
}

async function hasty({ receiver, postgres }: Scene): Promise<void> {
  await postgres.hurry(true)
  await send(receiver, 'hasty', FILES)
  await allLoaded(receiver)
  await postgres.hurry(false)
}

async function lettingNobodyIn({ receiver, postgres }: Scene): Promise<void> {
  await send(receiver, 'late', FILES)
  await postgres.letIn('reject')
  await refused(receiver)
  const answer = await fetch(`${receiver.url}/readyz`)
  const { checks } = (await answer.json()) as { checks: object }
  assert.deepEqual(checks, { ledger: false, catalogue: false, disk: true, inbox: true })
  await postgres.letIn('')
  await allLoaded(receiver)
}

async function otherPassword({ receiver, postgres }: Scene): Promise<void> {
  await postgres.setPassword('first')
  await postgres.tellPassword('first')
  await postgres.letIn('scram-sha-256')
  await send(receiver, 'first password', 1)
  await postgres.setPassword('second')
  await refused(receiver)
  await postgres.tellPassword('second')
  await until(async () => (await fetch(`${receiver.url}/readyz`)).status === 200, 'it lets them in')
  await send(receiver, 'second password', 1)
  await allLoaded(receiver)
}

type Listening = Readonly<{ receiver: Receiver; address: string; printed: () => string }>

/** Receiver and loader are told one state after the other, once each, where they record an upload and a load. */
async function eachState({ receiver, address, printed }: Listening, states: readonly string[]): Promise<void> {
  await using database = await clientOf(address)
  await database.query(SAYING)
  const say = async (place: string, state: string) => {
    await database.query('delete from public.trouble')
    await database.query('insert into public.trouble values ($1, $2)', [place, state])
  }
  for (const state of states) {
    await say('upload', state)
    const { status, body, headers } = await postGzip(receiver, `${state}.jsonl.gz`, rowsText(22))
    assert.deepEqual([state, status], [state, 503], JSON.stringify(body))
    assert.ok(Number(headers.get('retry-after')) > 0)
    await say('load', state)
    await send(receiver, state, 1)
    await until(() => printed().includes(`trouble ${state}`), `the loader says ${state}`, 60_000)
    await allLoaded(receiver)
  }
  await database.query('delete from public.trouble')
  const { rows } = await database.query('select distinct load_attempts::int from ledger.upload')
  assert.deepEqual(rows, [{ load_attempts: 0 }])
}

/** A file that a small database cannot take waits by itself: those that come after it are loaded. */
async function oneIsTooLarge({ receiver, address, printed }: Listening): Promise<void> {
  await using database = await clientOf(address)
  await database.query(`create function public.say_large() returns trigger language plpgsql as $$
      begin raise exception 'too large for it' using errcode = '53200'; end $$;
    create trigger large before insert on catalogue.load for each row when (new.filename like 'large%') execute function public.say_large()`)
  await send(receiver, 'large', 1)
  await until(() => printed().includes('too large for it'), 'the loader meets it', 60_000)
  await send(receiver, 'small', 2)
  const loaded = "select from catalogue.load where filename like 'small%' or filename like 'large%'"
  await until(async () => (await database.query(loaded)).rowCount === 2, 'the others are loaded', 60_000)
  await database.query('drop trigger large on catalogue.load')
  await allLoaded(receiver)
  assert.equal((await database.query(loaded)).rowCount, 3)
}

async function clientOf(address: string) {
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
  let states: readonly string[] = []
  const areDealtWith = async () => {
    const answer = await fetch(`${url}/api/uploads?limit=200`, { headers: { 'X-API-Key': key } })
    const { uploads = [] } = (await answer.json()) as { uploads?: { state: string }[] }
    states = uploads.map(({ state }) => state)
    return states.length > 0 && states.every((state) => state === 'loaded' || state === 'held')
  }
  await until(areDealtWith, 'all are dealt with')
  assert.deepEqual([...new Set(states)], ['loaded'])
}
