/** The way to the server: proxies, own certificates, slow lines. The key goes to the server of the settings and to nobody else. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { ADDRESS_MS_MAX } from '../bin/network.ts'
import { type Certificate, makeAuthority, NO_OPENSSL, sign } from './certificates.ts'
import { openConnectProxy } from './connect-proxy.ts'
import { type Ended, type Machines, openMachines, until } from './machines.ts'

const KEY = 'splitcart_0123456789_abcdefghijklmnopqrstuvwxyzABCDEFGHIJKL'
const HOST = 'data.example.org'
const skip = NO_OPENSSL
// The store of this machine, which knows none of the authorities made here.
const NO_STORE = { SSL_CERT_FILE: '', SSL_CERT_DIR: '/nowhere', NODE_EXTRA_CA_CERTS: '' }

function put(machines: Machines, name: string): void {
  const product = { sku: name, name, normalized_name_brand_size: name, price_current: 1.5 }
  const metadata = { company: 'aldi', store_name: 'nerang', store_id: 'G120', scraped_date: '2025-09-12' }
  mkdirSync(join(machines.scraping, 'product_outbox'), { recursive: true })
  writeFileSync(join(machines.scraping, 'product_outbox', name), `${JSON.stringify({ product, metadata })}\n`)
}

const ONE_TRY = ['upload-data', '--upload-tries-max', '1']

function assertUnreachable({ code, stdout, stderr }: Ended, said: RegExp): void {
  assert.equal(code, 5, stdout + stderr)
  assert.match(stderr, said)
  assert.doesNotMatch(stderr, /cannot be reached|\n +at /)
}

test('through a proxy that asks for a password, to a server of an own CA, a file goes in one POST and in pieces', {
  skip,
}, async () => {
  await using machines = await openMachines()
  await using proxy = await openConnectProxy('ada:geheim')
  const ca = makeAuthority(machines.path, 'own')
  const { cert, key } = sign(machines.path, ca, { name: 'server', names: `DNS:${HOST},DNS:localhost` })
  const server = await machines.serve(['--host', '127.0.0.1', '--tls-cert', cert, '--tls-key', key])
  const API_SERVER_URL = `https://${HOST}:${new URL(server.url).port}`
  const API_SECRET_KEY = await machines.key('upload,read')
  const at = { ...NO_STORE, API_SERVER_URL, API_SECRET_KEY, HTTPS_PROXY: `ada:geheim@${proxy.address}` }
  put(machines, 'whole.jsonl')

  const stranger = /certificate of the server is not accepted: that of data\.example\.org:\d+ is signed by nobody whom/
  assertUnreachable(await machines.run(ONE_TRY, at), stranger)
  const locked = { ...at, HTTPS_PROXY: `http://${proxy.address}`, API_SERVER_CA: ca.cert }
  assertUnreachable(
    await machines.run(ONE_TRY, locked),
    /proxy does not let us through: .*asks for a user name and a password \(407\)/,
  )

  const open = { ...at, API_SERVER_CA: ca.cert }
  const whole = await machines.run(['upload-data', '--wait'], open)
  assert.equal(whole.code, 0, whole.stderr)
  put(machines, 'pieces.jsonl')
  const pieces = await machines.run(['upload-data', '--wait'], { ...open, RESUMABLE_BYTES_MIN: '1' })
  assert.match(pieces.stdout, /loaded +pieces\.jsonl/, pieces.stderr)
  const doctor = await machines.run(['doctor'], open)
  assert.match(
    doctor.stdout,
    new RegExp(`ok +proxy +${proxy.address.replaceAll('.', '\\.')} leads to https`),
    doctor.stderr,
  )
  assert.match(doctor.stdout, /ok +key +accepted/)

  assert.deepEqual([...new Set(proxy.asked)], [`CONNECT ${new URL(API_SERVER_URL).host}`])
  for (const secret of [API_SECRET_KEY.slice(-20), 'X-API-Key', 'x-api-key']) assert.ok(!proxy.read().includes(secret))
})

test('the certificates of the system are known, but not for a server for which API_SERVER_CA names others', {
  skip,
}, async () => {
  await using machines = await openMachines()
  const system = makeAuthority(machines.path, 'system')
  const { cert, key } = sign(machines.path, system, { name: 'server', names: 'DNS:localhost' })
  const beats: unknown[] = []
  const tls = { cert: readFileSync(cert), key: readFileSync(key) }
  const other = createServer(tls, ({ url }, response) => response.end(String(beats.push(url)))).listen(0)
  await once(other, 'listening')
  const store = { ...NO_STORE, SSL_CERT_FILE: system.cert }
  const HEARTBEAT_URL = `https://localhost:${(other.address() as AddressInfo).port}/beat`
  const first = await machines.serve(['--tls-cert', cert, '--tls-key', key])
  const at = { ...store, HEARTBEAT_URL, API_SERVER_URL: first.url.replace('127.0.0.1', 'localhost') }
  const sender = { ...at, API_SECRET_KEY: await machines.key('upload,read') }
  put(machines, 'a.jsonl')
  assert.equal((await machines.run(['upload-data', '--wait'], sender)).code, 0)
  assert.deepEqual(beats, ['/beat'])

  put(machines, 'b.jsonl')
  const own = makeAuthority(machines.path, 'own')
  const pinned = { ...sender, API_SERVER_CA: own.cert }
  assertUnreachable(await machines.run(ONE_TRY, pinned), /that of localhost:\d+ is signed by nobody/)
  const renewed = sign(machines.path, own, { name: 'renewed', names: 'DNS:localhost' })
  writeFileSync(cert, readFileSync(renewed.cert))
  writeFileSync(key, readFileSync(renewed.key))
  first.child.kill('SIGHUP')
  await until(() => first.printed().includes('read the certificate again'), 'the renewed one is shown')
  const sent = await machines.run(['upload-data', '--wait'], pinned)
  assert.match(sent.stdout, /loaded +b\.jsonl/, sent.stderr)
  assert.deepEqual(beats, ['/beat', '/beat'], 'the heartbeat is elsewhere, and trusts whom the system trusts')
  other.close()
  other.closeAllConnections()
})

type Stranger = AsyncDisposable & Readonly<{ url: string; asked: unknown[] }>

/** A server with a certificate of an authority, that remembers what it was asked. */
async function openStranger({ cert, key }: Certificate): Promise<Stranger> {
  const asked: unknown[] = []
  const tls = { cert: readFileSync(cert), key: readFileSync(key) }
  const server = createServer(tls, ({ headers }, response) => response.end(String(asked.push(headers)))).listen(0)
  await once(server, 'listening')
  const close = async () => {
    server.close()
    server.closeAllConnections()
  }
  const url = `https://localhost:${(server.address() as AddressInfo).port}`
  return { url, asked, [Symbol.asyncDispose]: close }
}

for (const [what, signing, said] of [
  [
    'that has expired',
    { from: '200101000000Z', until: '200201000000Z' },
    /has expired; the clock of this machine says/,
  ],
  ['that is not valid yet', { from: '480101000000Z' }, /is not valid yet; the clock of this machine says 20/],
  ['for another name', { names: 'DNS:other.example.org' }, /is for another name \(.*other\.example\.org\)/],
] as const)
  test(`a certificate ${what} is named as the reason, by upload-data and doctor, and no key goes there`, {
    skip,
  }, async () => {
    await using machines = await openMachines()
    const ca = makeAuthority(machines.path, 'own')
    const signed = sign(machines.path, ca, { name: 'server', names: 'DNS:localhost', ...signing })
    await using stranger = await openStranger(signed)
    const at = { ...NO_STORE, API_SERVER_URL: stranger.url, API_SECRET_KEY: KEY, API_SERVER_CA: ca.cert }
    put(machines, 'a.jsonl')
    assertUnreachable(await machines.run(ONE_TRY, at), said)
    const { code, stdout } = await machines.run(['doctor'], at)
    assert.equal(code, 1)
    assert.match(stdout, said)
    assert.deepEqual(stranger.asked, [])
  })

test('nobody can tell a command to trust any certificate, neither by the environment nor by .env', {
  skip,
}, async () => {
  await using machines = await openMachines()
  const signed = sign(machines.path, makeAuthority(machines.path, 'own'), { name: 'server', names: 'DNS:localhost' })
  await using stranger = await openStranger(signed)
  const at = { ...NO_STORE, API_SERVER_URL: stranger.url, API_SECRET_KEY: KEY }
  put(machines, 'a.jsonl')
  for (const args of [ONE_TRY, ['doctor'], ['serve']]) {
    const { code, stdout, stderr } = await machines.run(args, { ...at, NODE_TLS_REJECT_UNAUTHORIZED: '0' })
    assert.equal(code, args[0] === 'doctor' ? 1 : 2)
    assert.match(stdout + stderr, /NODE_TLS_REJECT_UNAUTHORIZED=0 would give the key to any server/)
  }
  writeFileSync(join(machines.path, '.env'), 'NODE_TLS_REJECT_UNAUTHORIZED=0\n')
  const ended = await machines.run(ONE_TRY, at)
  assertUnreachable(ended, /is signed by nobody whom this machine knows/)
  assert.match(ended.stderr, /note: \.env, line 1: NODE_TLS_REJECT_UNAUTHORIZED has no effect here/)
  assert.deepEqual(stranger.asked, [])
})

test('a key for this machine goes to no proxy, whatever the environment says', async () => {
  await using machines = await openMachines()
  await using proxy = await openConnectProxy()
  const server = await machines.serve(['--no-update-db'])
  const key = await machines.key('upload,read')
  const all = { http_proxy: '', https_proxy: '', no_proxy: '' }
  const address = `http://${proxy.address}`
  const environments: Record<string, string>[] = [
    { NODE_USE_ENV_PROXY: '1', HTTP_PROXY: address },
    { NODE_USE_ENV_PROXY: '1', HTTP_PROXY: address, HTTPS_PROXY: address },
    { NODE_OPTIONS: '--use-env-proxy', http_proxy: address },
    { HTTPS_PROXY: address, HTTP_PROXY: address },
  ]
  for (const [index, environment] of environments.entries()) {
    put(machines, `${index}.jsonl`)
    const at = { API_SERVER_URL: server.url, API_SECRET_KEY: key, ...all, ...environment }
    const { code, stderr } = await machines.run(ONE_TRY, at)
    assert.deepEqual([code, proxy.asked], [0, []], stderr)
  }
  assert.deepEqual(proxy.asked, [])
})

test('each address of a name is given the time that a slow line needs', async () => {
  await using machines = await openMachines()
  const look =
    "import net from 'node:net'\nprocess.on('exit', () => console.error('GIVEN', net.getDefaultAutoSelectFamilyAttemptTimeout()))"
  const NODE_OPTIONS = `--import=data:text/javascript,${encodeURIComponent(look)}`
  put(machines, 'a.jsonl')
  for (const args of [ONE_TRY, ['doctor']]) {
    const at = { NODE_OPTIONS, API_SERVER_URL: 'http://127.0.0.1:9', API_SECRET_KEY: KEY }
    assert.match((await machines.run(args, at)).stderr, new RegExp(`^GIVEN ${ADDRESS_MS_MAX}$`, 'm'))
  }
  assert.ok(ADDRESS_MS_MAX >= 2_000)
})

test('a proxy, a CA and a host that cannot be used are named before anything is sent', async () => {
  await using machines = await openMachines()
  const at = { API_SERVER_URL: 'https://data.example.org', API_SECRET_KEY: KEY }
  writeFileSync(join(machines.path, 'empty.pem'), 'no certificate\n')
  for (const [environment, said] of [
    [
      { HTTPS_PROXY: 'socks5://ada:geheim@proxy:1' },
      /HTTPS_PROXY: expected the http or https address of a proxy, got a value/,
    ],
    [{ API_SERVER_CA: join(machines.path, 'none.pem') }, /API_SERVER_CA: ENOENT/],
    [{ API_SERVER_CA: join(machines.path, 'empty.pem') }, /API_SERVER_CA: .*empty\.pem holds no certificate \(PEM\)/],
  ] as const)
    for (const command of ['upload-data', 'doctor']) {
      const { code, stdout, stderr } = await machines.run([command], { ...at, ...environment })
      assert.equal(code, command === 'doctor' ? 1 : 2, stdout + stderr)
      assert.match(stdout + stderr, said)
      assert.doesNotMatch(stdout + stderr, /geheim/)
    }
})

test('a heartbeat goes through the proxy for http, without the key, and the file past it', async () => {
  await using machines = await openMachines()
  await using proxy = await openConnectProxy()
  const server = await machines.serve(['--no-update-db'])
  const API_SECRET_KEY = await machines.key()
  put(machines, 'a.jsonl')
  const HEARTBEAT_URL = 'http://heart.example.org/beat'
  const at = { API_SERVER_URL: server.url, API_SECRET_KEY, HEARTBEAT_URL, HTTP_PROXY: `http://${proxy.address}` }
  const { code, stdout } = await machines.run(['upload-data'], at)
  assert.equal(code, 0)
  assert.match(stdout, /accepted +a\.jsonl {2}1 line, /)
  assert.deepEqual(proxy.asked, [`GET ${HEARTBEAT_URL}`])
  assert.ok(!proxy.read().includes(API_SECRET_KEY))
})
