/**
 * Keys that can be told from all other text go through every command and every way to fail; then they are looked for
 * everywhere: in what was printed, logged and answered, in every file, and in the command line of every process.
 */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join, relative } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { temporaryFolder } from './folders.ts'
import { type Ended, type Machines, openMachines, type Server, until } from './machines.ts'
import { NO_PROC } from './processes.ts'

const NAME = 'aldi-g120-2025-09-12.jsonl'
const ROW = {
  product: { sku: 's1', name: 'Milk', normalized_name_brand_size: 'milk', price_current: 1.5 },
  metadata: { company: 'aldi', store_name: 'nerang', store_id: 'G120', scraped_date: '2025-09-12' },
}
// A command lives longer than that.
const WATCH_MS = 200
// The demo makes a key of its own and prints how to use it; invented scrapes meet no key.
const NOT_VISITED = new Set(['demo', 'generate', 'help'])

/** The texts to look for, and everything that was said so far. */
class Canary {
  readonly secrets: string[] = []
  readonly heard = new Map<string, string>()
  readonly seen = new Set<string>()
  #watching = true

  /** A key like nothing else. */
  hatch(): string {
    const secret = `canary${randomUUID().replaceAll('-', '')}`
    this.secrets.push(secret)
    return secret
  }

  hear(where: string, said: string): void {
    this.heard.set(`${this.heard.size} ${where}`, said)
  }

  isIn(bytes: Buffer): boolean {
    return this.secrets.some((secret) =>
      [secret, Buffer.from(secret).toString('hex'), Buffer.from(secret).toString('base64').slice(0, 40)].some((form) =>
        bytes.includes(form),
      ),
    )
  }

  /** Looks at the command lines of all processes, and at the environment of those that load, until it is stopped. */
  async watch(): Promise<void> {
    for (; this.#watching; await sleep(WATCH_MS, undefined, { ref: false }))
      for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
        const words = readOf(`/proc/${pid}/cmdline`)
        if (this.isIn(words)) this.seen.add(`the command line ${words.toString().replaceAll('\0', ' ').slice(0, 60)}…`)
        if (words.includes('--until-input-ends') && this.isIn(readOf(`/proc/${pid}/environ`)))
          this.seen.add('the environment of the loader')
      }
  }

  stop(): void {
    this.#watching = false
  }

  /** Where a secret is: in what was said, and in the files below a folder. */
  found(folder: string): string[] {
    const said = [...this.heard].filter(([, text]) => this.isIn(Buffer.from(text))).map(([where]) => where)
    const entries = readdirSync(folder, { recursive: true, withFileTypes: true })
    const files = entries.map(({ parentPath, name }) => relative(folder, join(parentPath, name)))
    assert.ok(files.length > 20, 'there are files to look into')
    const inFiles = files.filter((name, index) => entries[index]!.isFile() && this.isIn(readOf(join(folder, name))))
    return [...said, ...inFiles, ...files.filter((name) => this.isIn(Buffer.from(name))), ...this.seen]
  }
}

function readOf(path: string): Buffer {
  try {
    return readFileSync(path)
  } catch {
    // The process has ended, or the file has moved on.
    return Buffer.alloc(0)
  }
}

type Stage = Readonly<{
  machines: Machines
  canary: Canary
  run: (args: readonly string[], environment?: Readonly<Record<string, string>>) => Promise<Ended>
}>

async function scrape({ machines }: Stage, name = NAME): Promise<void> {
  const outbox = join(machines.scraping, 'product_outbox')
  await mkdir(outbox, { recursive: true, mode: 0o700 })
  await writeFile(join(outbox, name), `${JSON.stringify(ROW)}\n{"no":"row of ${name}"}\n`)
}

/** Every way in which a sender may fail, with a key of its own each. */
async function failToSend({ machines, canary, run }: Stage, server: Server, keys: string): Promise<void> {
  const to = { API_SERVER_URL: server.url, UPLOAD_TRIES_MAX: '1' }
  const file = async (name: string, mode: number) => {
    await writeFile(join(keys, name), canary.hatch(), { mode })
    return join(keys, name)
  }
  const codes = [
    await run(['upload-data', '--json'], { ...to, API_SECRET_KEY: canary.hatch() }),
    await run(['upload-data'], { ...to, API_SECRET_KEY_FILE: await file('unknown', 0o600) }),
    await run(['upload-data'], { ...to, API_SECRET_KEY_FILE: await file('open', 0o644) }),
    await run(['upload-data'], { ...to, API_SECRET_KEY: `${canary.hatch()} with a space` }),
    await run(['upload-data'], { ...to, API_SECRET_KEY: canary.hatch(), API_SERVER_URL: 'http://127.0.0.1:1' }),
    await run(['upload-data'], { ...to, API_SECRET_KEY: canary.hatch(), API_SERVER_URL: 'http://data.example.org' }),
    await run(['upload-data', '--json'], {
      ...to,
      API_SECRET_KEY: canary.hatch(),
      HEARTBEAT_URL: `x:${canary.hatch()}`,
    }),
  ].map(({ code }) => code)
  assert.deepEqual(codes, [10, 10, 2, 2, 5, 2, 2])
  await toEchoingServer({ machines, canary, run })
}

/** A server that fails, redirects, and answers with all it was sent: what of that is told, must not hold the key. */
async function toEchoingServer({ canary, run }: Stage): Promise<void> {
  for (const status of [500, 307]) {
    const server = createServer((request, response) => {
      request.resume().on('end', () => response.writeHead(status, { location: 'http://127.0.0.1:1/' }).end('no'))
    }).listen(0, '127.0.0.1')
    await until(() => server.listening, 'the server listens')
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    await run(['upload-data'], { API_SERVER_URL: url, API_SECRET_KEY: canary.hatch(), UPLOAD_TRIES_MAX: '1' })
    server.close()
  }
}

/** Keys where they do not belong: in the address, in the name of the file, in fields that no key is taken from. */
async function misplaceKeys({ canary }: Stage, { url }: Server, key: string): Promise<void> {
  const ask = async (path: string, headers: Readonly<Record<string, string>> = {}, body?: string) => {
    const init = body === undefined ? { headers } : { headers, body, method: 'POST' }
    const answer = await fetch(url + path, init)
    canary.hear(`the answer to ${path.slice(0, 20)}`, `${JSON.stringify([...answer.headers])}${await answer.text()}`)
    return answer.status
  }
  const typed = { 'content-type': 'application/x-ndjson' }
  const json = { 'content-type': 'application/json' }
  assert.equal(await ask('/api/audit', { 'x-api-key': key }), 200, 'an honest request')
  const wrong = [
    await ask('/api/audit', { 'x-api-key': canary.hatch() }),
    await ask('/api/audit', { authorization: `Bearer ${canary.hatch()}` }),
    await ask('/api/audit', { authorization: `Basic ${canary.hatch()}`, cookie: canary.hatch() }),
    await ask(`/api/audit?key=${canary.hatch()}`, { 'x-api-key': key }),
    await ask(`/api/uploads/${canary.hatch()}`, { 'x-api-key': key }),
    await ask(`/${canary.hatch()}`),
    await ask('/api/upload/', { ...typed, 'x-api-key': canary.hatch() }, '{}'),
    await ask('/api/upload/', { ...typed, 'x-api-key': key }, '{}'),
    await ask('/api/upload/', { 'content-type': canary.hatch(), 'x-api-key': key }, '{}'),
    await ask('/api/session', json, JSON.stringify({ key: canary.hatch() })),
    await ask('/api/session', json, JSON.stringify({ [canary.hatch()]: 1, key: canary.hatch() })),
    await ask('/api/session', json, `{"key": ${canary.hatch()}`),
    await ask('/api/keys', { ...json, 'x-api-key': key }, JSON.stringify({ name: 1, scopes: canary.hatch() })),
  ]
  assert.deepEqual(wrong, [401, 401, 401, 200, 404, 404, 401, 400, 415, 401, 400, 400, 400])
  assert.equal(await ask('/api/session', json, JSON.stringify({ key })), 201, 'an honest one')
}

/** All other commands; the settings of a sender are in their environment too. */
async function visitTheRest({ machines, canary, run }: Stage, key: string, made: string): Promise<void> {
  // The file of a user that disconnecting would write to is in a home of its own.
  const home = { HOME: machines.path, XDG_CONFIG_HOME: machines.path, APPDATA: machines.path }
  const environment = { API_SECRET_KEY: key, API_SERVER_URL: 'http://127.0.0.1:1', LOG_LEVEL: 'debug', ...home }
  const commands = [
    ['status', '--json'],
    ['update-db', '--products', '--json'],
    ['audit', '--json'],
    ['keys', 'list', '--json'],
    ['holds', 'list'],
    ['rejects', 'show', 'other.jsonl', '--json'],
    ['loads', 'list', '--json'],
    ['export', 'observations'],
    ['backup', join(machines.path, 'backup.db')],
    ['version'],
    ['completion', 'bash'],
    ['join-databases'],
    ['migrate', '--to', 'postgres://u@127.0.0.1:1/x'],
    ['archive', 'prune'],
    ['same', 'list'],
    ['not-same', 'x/1', 'y/2'],
    ['stores', 'merge', 'list'],
    ['findings', '--json'],
    ['notices', 'list'],
    ['attention', 'list'],
    ['changes', '--json'],
    ['product', 'bread'],
    ['cheapest', 'bread'],
    ['upgrade', '--json'],
    ['check', join(machines.path, 'other.jsonl')],
    ['salvage'],
    ['keys', 'revoke', made],
    ['doctor', '--json'],
    ['connect', 'http://127.0.0.1:1', '--code', 'x'],
    ['disconnect', '--json'],
    ['scrape', '--', process.execPath, '-e', ''],
    ['map', '--try', join(machines.path, 'none.json')],
  ]
  for (const args of commands) await run(args, { ...environment, PGPASSWORD: canary.hatch() })
  const { stdout } = await machines.run(['restore', join(machines.path, 'backup.db')])
  assert.match(stdout, /Restored/)
  const visited = new Set([...commands.map(([name]) => name), 'upload-data', 'serve', 'restore'])
  const { stdout: help } = await machines.run(['help'])
  const all = [...help.matchAll(/^ {2}([a-z][a-z-]*)/gm)].map(([, name = '']) => name)
  assert.deepEqual(
    all.filter((name) => !visited.has(name) && !NOT_VISITED.has(name)),
    [],
  )
}

test('keys go through every command and every failure, and are found nowhere', { skip: NO_PROC }, async () => {
  await using machines = await openMachines()
  await using keys = await temporaryFolder()
  const canary = new Canary()
  const run: Stage['run'] = async (args, environment) => {
    const ended = await machines.run(args, environment)
    canary.hear(args.join(' '), ended.stdout + ended.stderr)
    return ended
  }
  const stage = { machines, canary, run }
  const watching = canary.watch()
  const settingsKey = canary.hatch()
  await machines.makeServerData()
  const [made = ''] = /^splitcart_\w+/.exec((await machines.run(['keys', 'create', 'a test'])).stdout) ?? []
  const [, id = '', secret = ''] = made.split('_')
  canary.secrets.push(secret)
  const rotated = (await machines.run(['keys', 'rotate', id])).stdout.trim()
  canary.secrets.push(rotated.split('_')[2] ?? '')
  const server = await machines.serve([], { API_SECRET_KEY: settingsKey, LOG_LEVEL: 'debug', HOLD_REJECTS_SHARE: '1' })
  await scrape(stage)
  await failToSend(stage, server, keys.path)
  await misplaceKeys(stage, server, settingsKey)
  await scrape(stage, 'other.jsonl')
  assert.equal((await run(['upload-data', '--wait'], { API_SERVER_URL: server.url, API_SECRET_KEY: made })).code, 3)
  // Ended at once, as by a crash, with an upload on its way.
  await scrape(stage, 'third.jsonl')
  const late = run(['upload-data'], { API_SERVER_URL: server.url, API_SECRET_KEY: rotated, UPLOAD_TRIES_MAX: '1' })
  await sleep(300)
  server.child.kill('SIGKILL')
  await late
  canary.hear('serve', (await server.ended).stdout + server.printed())
  assert.match(server.printed(), /request refused/)
  await visitTheRest(stage, settingsKey, id)
  canary.stop()
  await watching
  assert.ok(existsSync(join(machines.dataManagement, 'ledger.db')))
  assert.ok(canary.secrets.every((text) => text.length >= 32) && canary.secrets.length > 15)
  assert.deepEqual(canary.found(machines.path), [])
})

test('a key that is somewhere is found', { skip: NO_PROC }, async () => {
  await using at = await temporaryFolder()
  const canary = new Canary()
  const secret = canary.hatch()
  for (let file = 0; file < 21; file++) await writeFile(join(at.path, `${file}`), '')
  await writeFile(join(at.path, 'planted'), `x${secret}x`)
  await writeFile(join(at.path, 'encoded'), Buffer.from(secret).toString('base64'))
  canary.hear('said', secret)
  assert.deepEqual(canary.found(at.path).sort(), ['0 said', 'encoded', 'planted'])
})
