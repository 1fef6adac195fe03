/** What deploy/fleet has for a fleet in containers and for one with systemd, tried as far as no container engine is needed. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { openPostgresLedger } from '@splitcart/data-management/ledger/postgres.ts'
import { SETTINGS } from '@splitcart/shared/settings.ts'
import { parse } from 'yaml'
import { Chance } from '../packages/data-management/test/random.ts'
import { outboxOf } from '../torture/chaos/shops.ts'
import { temporaryFolder } from './folders.ts'
import { openMachines, until } from './machines.ts'
import { NO_NATS, startNats } from './nats.ts'
import { NO_POSTGRES, startCluster } from './postgres.ts'
import { writeLargeFile } from './resume-scene.ts'

type Service = Readonly<{
  image: string
  build?: string
  command?: readonly string[]
  environment?: Readonly<Record<string, string>>
  volumes?: readonly string[]
  healthcheck?: Readonly<{ test?: readonly string[]; disable?: boolean }>
  depends_on?: readonly string[] | Readonly<Record<string, unknown>>
  networks: readonly string[] | Readonly<Record<string, Readonly<{ ipv4_address: string }>>>
  extra_hosts?: readonly string[]
}>

const FOLDER = join(import.meta.dirname, '..', 'deploy', 'fleet')
const PROGRAM = 'splitcart:local'
// What is made where the fleet is set up.
const OWN_FILES = ['./certificate.pem', './certificate.key']
const TEXT = readFileSync(join(FOLDER, 'compose.yaml'), 'utf8')
const COMPOSE: Readonly<{ services: Record<string, Service>; volumes: object }> = parse(TEXT, { merge: true })
const SERVICES = Object.entries(COMPOSE.services)
const OURS = SERVICES.filter(([, { image }]) => image === PROGRAM)

test('the compose file mounts what is there, names volumes that it makes, and waits for services that it has', () => {
  for (const [name, { volumes = [], depends_on = [] }] of SERVICES) {
    for (const source of volumes.map((volume) => volume.split(':')[0]!)) {
      if (OWN_FILES.includes(source)) continue
      assert.ok(source.startsWith('./') ? existsSync(join(FOLDER, source)) : source in COMPOSE.volumes, source)
    }
    for (const other of Array.isArray(depends_on) ? depends_on : Object.keys(depends_on))
      assert.ok(other in COMPOSE.services, `${name} waits for ${other}`)
  }
})

test('the compose file gives our programs settings that they have, and every password comes from outside', () => {
  for (const [name, { environment = {}, build }] of OURS) {
    assert.ok(existsSync(join(FOLDER, build!, 'Dockerfile')))
    for (const setting of Object.keys(environment)) assert.ok(setting in SETTINGS, `${name}: ${setting}`)
  }
  const texts = SERVICES.flatMap(([, { environment = {} }]) => Object.entries(environment))
  for (const [name, text] of texts.filter(([each]) => /PASSWORD|SECRET|KEY/.test(each)))
    assert.match(text, /^\$\{[A-Z_]+:\?[^}]+\}$/, name)
  for (const [name, text] of texts) assert.doesNotMatch(text, /:\/\/[^:/@]*:(?!\$\{)/, name)
})

test('each service of the compose file is looked after, or says that it is not', () => {
  for (const [name, { healthcheck, image }] of SERVICES) {
    // The receivers have the check of their image.
    if (healthcheck === undefined) assert.ok(image === PROGRAM && name.startsWith('receiver'), name)
    else assert.ok(healthcheck.disable === true || healthcheck.test![0] === 'CMD', name)
  }
})

test('the balancer knows the receivers of the compose file and their addresses, and they trust it', () => {
  const { balancer, ...others } = COMPOSE.services
  const receivers = Object.keys(others).filter((name) => name.startsWith('receiver'))
  const known = [...readFileSync(join(FOLDER, 'receivers.conf'), 'utf8').matchAll(/^server ([\w-]+):8000/gm)]
  assert.deepEqual(
    known.map(([, name]) => name),
    receivers,
  )
  assert.deepEqual(
    balancer!.extra_hosts,
    receivers.map((name) => `${name}:${addressOf(others[name]!)}`),
  )
  for (const name of receivers) assert.equal(others[name]!.environment!.TRUSTED_PROXIES, addressOf(balancer!))
})

test('what the compose file starts for us receives a file and loads it', { skip: NO_NATS || NO_POSTGRES }, async () => {
  await using nats = await startNats(1)
  await using postgres = await startCluster()
  await using database = await postgres.makeDatabase()
  await using machines = await openMachines()
  const own = { DATABASE_URL: database.address, INBOX_URL: nats.address, PORT: '0' }
  const start = (name: string) => {
    const { command, environment } = COMPOSE.services[name]!
    const folder = { DATA_MANAGEMENT_DATA_DIR: join(machines.path, name) }
    return machines.start(command!, { ...environment, ...own, ...folder })
  }
  const receiver = start('receiver-1')
  const loader = start('loader')
  const url = () => /^Listening on (\S+)/m.exec(receiver.printed())?.[1]
  await until(() => url() !== undefined, `the receiver listens: ${receiver.printed()}`)
  const key = (await machines.run(['keys', 'create', 'a test'], own)).stdout.trim()
  const sha256 = await writeLargeFile(outboxOf(machines.scraping), 10_000, new Chance(1))
  const { code, stdout, stderr } = await machines.upload({ url: url()! }, key, '--wait')
  assert.equal(code, 0, stdout + stderr + loader.printed())
  await using ledger = await openPostgresLedger(database.address)
  assert.equal((await ledger.uploads.findBySha256(sha256))?.state, 'loaded')
})

test('nats-server understands nats.conf', { skip: NO_NATS }, async () => {
  await using at = await temporaryFolder()
  const [, minor] = /v2\.(\d+)/.exec(spawnSync('nats-server', ['--version'], { encoding: 'utf8' }).stdout) ?? []
  const text = readFileSync(join(FOLDER, 'nats.conf'), 'utf8').replace('/data', at.path)
  const path = join(at.path, 'nats.conf')
  // What an older one does not know is that alone.
  writeFileSync(path, Number(minor) < 10 ? text.replace(/, sync_interval: always/, '') : text)
  const env = { ...process.env, SERVER_NAME: 'n1', NATS_PASSWORD: 'p0123' }
  const { status, stderr } = spawnSync('nats-server', ['-t', '-c', path], { env, encoding: 'utf8' })
  assert.equal(status, 0, stderr)
})

test('with systemd a receiver and a loader are started as in the compose file', () => {
  for (const [file, service] of [
    ['receiver.conf', 'receiver-1'],
    ['loader.conf', 'loader'],
  ] as const) {
    const [, words = ''] = /^ExecStart=\/.*splitcart\.js (.*)$/m.exec(readFileSync(join(FOLDER, file), 'utf8')) ?? []
    const wanted = COMPOSE.services[service]!.command!
    assert.deepEqual(words.replace(' --host 0.0.0.0', '').split(' '), wanted)
  }
})

test('docs/fleet.md installs every file for a fleet', () => {
  const text = readFileSync(join(FOLDER, '..', '..', 'docs', 'fleet.md'), 'utf8')
  for (const name of readdirSync(FOLDER).filter((each) => !OWN_FILES.includes(`./${each}`) && each !== '.env'))
    assert.ok(text.includes(`(../deploy/fleet/${name})`), name)
})

function addressOf({ networks }: Service): string {
  return (networks as Readonly<Record<string, Readonly<{ ipv4_address: string }>>>).inside!.ipv4_address
}
