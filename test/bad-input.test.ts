/** What goes wrong on a scraping machine or a server: each with its exit code, its words, and every file where it belongs. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { takeLock } from '@splitcart/shared/lock.ts'
import { Command } from 'commander'
import { COMMAND_HELP } from '../bin/command-help.ts'
import { COMMANDS } from '../bin/commands.ts'
import { freePorts } from './free-ports.ts'
import { type Machines, openMachines, recordsIn } from './machines.ts'

const KEY = 'a-key-that-no-server-has-given'
const ROW = {
  product: { sku: 's1', name: 'Milk', normalized_name_brand_size: 'milk', price_current: 1.5 },
  metadata: { company: 'aldi', store_name: 'nerang', store_id: 'G120', scraped_date: '2025-09-12' },
}
const NAME = 'aldi-nerang-g120-2025-09-12.jsonl'

async function withOneFile(): Promise<Machines> {
  const machines = await openMachines()
  const outbox = join(machines.scraping, 'product_outbox')
  await mkdir(outbox, { recursive: true })
  await writeFile(join(outbox, NAME), `${JSON.stringify(ROW)}\n`)
  return machines
}

async function assertStillWaiting(machines: Machines): Promise<void> {
  assert.deepEqual(await machines.names('scraping', 'product_outbox'), [NAME])
  assert.deepEqual(await machines.names('scraping', 'product_refused'), [])
}

test('without settings all that is missing is named at once, and the exit code is 2', async () => {
  await using machines = await withOneFile()
  const { code, stdout, stderr } = await machines.run(['upload-data'])
  assert.equal(code, 2)
  assert.equal(stdout, '')
  assert.match(stderr, /API_SERVER_URL is required[\s\S]*API_SECRET_KEY is required/)
  assert.doesNotMatch(stderr, /\n {4}at /)
  await assertStillWaiting(machines)
})

test('wrong settings are named together with those that are missing', async () => {
  await using machines = await withOneFile()
  const wrong = {
    API_SERVER_URL: 'ftp://x',
    API_SECRET_KEY_FILE: join(machines.path, 'nothing'),
    UPLOAD_TRIES_MAX: '0',
  }
  const { code, stderr } = await machines.run(['upload-data'], wrong)
  assert.equal(code, 2)
  for (const said of [/API_SERVER_URL: expected an http/, /API_SECRET_KEY_FILE: ENOENT/, /UPLOAD_TRIES_MAX: expected/])
    assert.match(stderr, said)
})

test('a key that the server does not know ends the run with 10, and the file stays', async () => {
  await using machines = await withOneFile()
  const server = await machines.serve(['--no-update-db'])
  const { code, stderr } = await machines.upload(server, KEY)
  assert.equal(code, 10)
  assert.match(stderr, /key is missing or not accepted[\s\S]*splitcart keys create/)
  await assertStillWaiting(machines)
  const [error, summary] = recordsIn(await machines.upload(server, KEY, '--json'))
  assert.deepEqual([error?.type, error?.code], ['error', 'key_refused'])
  assert.deepEqual([summary?.type, summary?.waiting], ['summary', 1])
})

test('a server that is down ends the run with 5, and the file stays', async () => {
  await using machines = await withOneFile()
  const [port] = await freePorts(1)
  const url = `http://127.0.0.1:${port}`
  const { code, stdout, stderr } = await machines.upload({ url }, KEY, '--upload-tries-max', '1')
  assert.equal(code, 5)
  assert.match(stderr, /The server cannot be reached/)
  assert.equal(stdout, '1 still waiting.\n')
  await assertStillWaiting(machines)
})

test('a second upload-data for the same outbox ends with 11', async () => {
  await using machines = await withOneFile()
  using _lock = takeLock(join(machines.scraping, 'product_outbox', '.lock'), 'a test')
  const { code, stderr } = await machines.upload({ url: 'http://127.0.0.1:1' }, KEY)
  assert.equal(code, 11)
  assert.match(stderr, /another upload-data works on this outbox/)
  await assertStillWaiting(machines)
})

test('a key does not travel over plain http to another machine', async () => {
  await using machines = await withOneFile()
  const { code, stderr } = await machines.upload({ url: 'http://data.example.org' }, KEY)
  assert.equal(code, 2)
  assert.match(stderr, /API_SERVER_URL: expected https/)
  await assertStillWaiting(machines)
})

test('a command or a flag that does not exist ends with 2 and says where help is', async () => {
  await using machines = await openMachines()
  for (const args of [
    ['bogus'],
    ['upload-data', '--bogus'],
    ['upload-data', '--dry-run', '--watch'],
    ['keys', 'bogus'],
    ['keys', 'create'],
    ['update-db'],
    ['restore'],
    ['export', 'prices', '--on', 'yesterday'],
  ]) {
    const { code, stdout, stderr } = await machines.run(args)
    assert.deepEqual([args, code, stdout], [args, 2, ''])
    assert.match(stderr, /splitcart help shows what there is/)
  }
  const unknown = await machines.run(['bogus', '--help'])
  assert.deepEqual([unknown.code, unknown.stdout], [2, ''])
  // Its error leads to its own help, and what people call it is understood.
  assert.match((await machines.run(['upload', '--bogus'])).stderr, /splitcart upload-data --help explains it/)
  assert.match((await machines.run(['loads', 'replay'])).stderr, /splitcart loads replay --help explains it/)
  assert.match((await machines.run(['uplod'])).stderr, /Did you mean upload\?/)
  // So does what only the command itself finds, and programs read it.
  const { stdout, stderr } = await machines.run(['holds', 'release', '--json'])
  const { type, code, detail } = JSON.parse(stdout)
  assert.deepEqual([type, code, /^name one upload/.test(detail)], ['error', 'usage', true], stdout)
  assert.match(stderr, /^error: name one upload[^\n]+\n\(splitcart holds release --help explains it/)
})

/** The paths of commands that have none below them. */
function pathsOf(command: Command, path: string): string[] {
  return command.commands.length === 0
    ? [path]
    : command.commands.flatMap((each) => pathsOf(each, `${path} ${each.name()}`))
}

test('help has a group for each machine, examples of each command, and shells complete what there is', async () => {
  await using machines = await openMachines()
  const program = new Command()
  for (const load of Object.values(COMMANDS)) (await load())(program)
  const examples = Object.values(COMMAND_HELP).flatMap((each) => each.examples)
  const paths = pathsOf(program, 'splitcart')
  assert.deepEqual(
    paths.filter((path) => !examples.some((line) => `${line} `.includes(`${path} `))),
    [],
  )
  const { stdout: ofKeys } = await machines.run(['help', 'keys', 'revoke'])
  assert.match(ofKeys, /^Usage: splitcart keys revoke [\s\S]*Examples:\n {2}splitcart keys revoke ID\n$/)
  const { stdout: help } = await machines.run(['help'])
  assert.match(help, /On the machine that scrapes:\n[\s\S]* {2}upload-data [\s\S]*On the server:\n[\s\S]* {2}serve /)
  assert.match((await machines.run(['keys', '--help'])).stdout, /Examples:\n {2}splitcart keys create/)
  const { stdout: script } = await machines.run(['completion', 'bash'])
  const complete = (...words: string[]) => {
    const ask = `COMP_WORDS=(${words.join(' ')}); COMP_CWORD=${words.length - 1}; _splitcart; echo "${'$'}{COMPREPLY[*]}"`
    return execFileSync('bash', ['-c', `${script}\n${ask}`], { encoding: 'utf8' }).trim()
  }
  assert.equal(complete('splitcart', 'upl'), 'upload-data')
  assert.equal(complete('splitcart', 'keys', 'rot'), 'rotate')
  assert.equal(complete('splitcart', 'upload-data', '--wat'), '--watch')
  assert.equal(complete('splitcart', 'completion', 'fi'), 'fish')
  assert.match(ofKeys, /--no-color /)
  assert.doesNotMatch(script, /^ +[\w-]+\) (?!.*--no-color\b)/m, 'every command has it')
})

test('every way to ask for the version tells it, and on what it runs', async () => {
  await using machines = await openMachines()
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
  const line = `splitcart ${version} (Node ${process.versions.node}, ${process.platform} ${process.arch})\n`
  for (const args of [['--version'], ['-V'], ['version'], ['upload-data', '--version']]) {
    const { code, stdout, stderr } = await machines.run(args)
    assert.deepEqual([args, code, stdout, stderr], [args, 0, line, ''])
  }
})

test('what a command cannot do is said in words, with no stack', async () => {
  await using machines = await openMachines()
  await machines.makeServerData()
  const existing = join(machines.path, 'existing')
  await writeFile(existing, '')
  for (const [code, pattern, args] of [
    [2, /--on: only prices are those of a date/, ['export', 'products', '--on', '2025-01-01']],
    [1, /not made: .*existing exists, and no backup is written over anything/, ['backup', existing]],
    [1, /not made: there is no folder .*nowhere/, ['backup', join(machines.path, 'nowhere', 'copy')]],
    [1, /no backup that can be restored/, ['restore', existing]],
    [1, /refused: E/, ['generate', join(existing, 'x')]],
  ] as const) {
    const ended = await machines.run(args)
    assert.match(ended.stderr, pattern)
    assert.doesNotMatch(ended.stderr, /\n +at /)
    assert.equal(ended.code, code, ended.stderr)
  }
  await mkdir(join(machines.path, '.env'))
  const ended = await machines.run(['status'])
  assert.deepEqual([ended.code, ended.stdout], [2, ''])
  assert.match(ended.stderr, /^splitcart: The settings are not usable:\n {2}\.env is no file\n/)
})

test('every fault in the settings of a server is told at once', async () => {
  await using machines = await openMachines()
  const wrong = { PORT: 'soon', DATABASE_URL: 'mysql://db/x', INBOX_URL: 's3://a/b' }
  const faulty = await machines.run(['serve'], wrong)
  assert.equal(faulty.code, 2)
  for (const name of Object.keys(wrong)) assert.match(faulty.stderr, new RegExp(`^  ${name}: expected `, 'm'))
  for (const [address, said] of [
    ['nats://a,b', /INBOX_URL: nats:\/\/a,b needs a DATABASE_URL that machines can share/],
    ['nats://a b', /INBOX_URL: expected nats:\/\/host1/],
  ] as const) {
    const alone = await machines.run(['serve'], { INBOX_URL: address })
    assert.equal(alone.code, 2)
    assert.match(alone.stderr, said)
  }
  const other = { INBOX_URL: 'file:/somewhere/else', API_SECRET_KEY: 'short', TLS_CERT: 'x' }
  const unfit = await machines.run(['serve'], other)
  assert.equal(unfit.code, 2)
  for (const name of Object.keys(other)) assert.match(unfit.stderr, new RegExp(`^  ${name}\\b`, 'm'))
})

test('a key that is made for some addresses is listed with them; what is no address makes no key', async () => {
  await using machines = await openMachines()
  await machines.makeServerData()
  const wrong = await machines.run(['keys', 'create', 'office', '--from', '203.0.113.0/33'])
  assert.equal(wrong.code, 2)
  assert.match(wrong.stderr, /Expected IP addresses and networks, such as/)
  assert.equal((await machines.run(['keys', 'create', 'office', '--from', '203.0.113.7, 2001:db8::/32'])).code, 0)
  const { stdout } = await machines.run(['keys', 'list'])
  assert.match(stdout, /ONLY FROM/)
  assert.equal(stdout.trim().split('\n').length, 2)
  assert.match(stdout, /office +upload +all +203\.0\.113\.7, 2001:db8::\/32 +works/)
})

test('a second server for the same data ends with 11, one for the same port with 1 and the reason', async () => {
  await using machines = await openMachines()
  const server = await machines.serve(['--no-update-db'])
  const same = await machines.run(['serve', '--port', '0'])
  assert.equal(same.code, 11)
  assert.match(same.stderr, /another server works on this data folder/)
  const { port } = new URL(server.url)
  const elsewhere = { DATA_MANAGEMENT_DATA_DIR: join(machines.path, 'other') }
  const taken = await machines.run(['serve', '--port', port], elsewhere)
  assert.equal(taken.code, 1)
  assert.match(taken.stderr, /The server cannot listen there: .*EADDRINUSE/)
  assert.doesNotMatch(taken.stderr, /\n {4}at /)
})

for (const name of ['catalogue.db', 'ledger.db'])
  test(`a ${name} of a newer program is left alone, with words that say what to do`, async () => {
    await using machines = await openMachines()
    await machines.key()
    using database = new DatabaseSync(join(machines.dataManagement, name))
    database.exec('pragma user_version = 999')
    for (const args of [
      ['serve', '--port', '0'],
      ['update-db', '--products'],
      ['export', 'products'],
    ]) {
      const { code, stderr } = await machines.run(args)
      assert.equal(code, 1, stderr)
      assert.match(stderr, /made by a newer program[\s\S]*Start the newer program/)
      assert.doesNotMatch(stderr, /\n {4}at /)
    }
  })

test('an empty outbox says so and ends with 0', async () => {
  await using machines = await openMachines()
  const { code, stdout } = await machines.upload({ url: 'http://127.0.0.1:1' }, KEY)
  const outbox = join(machines.scraping, 'product_outbox')
  assert.deepEqual([code, stdout], [0, `The outbox is empty (${outbox}); there was nothing to do.\n`])
})

test('--dry-run tells what would be sent, needs no server, and sends nothing', async () => {
  await using machines = await withOneFile()
  const { code, stdout } = await machines.run(['upload-data', '--dry-run'])
  assert.equal(code, 0)
  assert.match(stdout, new RegExp(`would send  ${NAME} .*\\n1 file would be sent`))
  await assertStillWaiting(machines)
})

for (const suffix of ['/', '/behind/a/proxy', '/behind/a/proxy/'])
  test(`the address of the server may end in "${suffix}"`, async () => {
    await using machines = await withOneFile()
    const asked: string[] = []
    const proxy = createServer((request, response) => {
      asked.push(String(request.url))
      response.writeHead(404).end()
    }).listen(0, '127.0.0.1')
    await new Promise((resolve) => proxy.once('listening', resolve))
    const url = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}${suffix}`
    await machines.upload({ url }, KEY, '--upload-tries-max', '1')
    proxy.closeAllConnections()
    await new Promise((resolve) => proxy.close(resolve))
    const base = suffix.replace(/\/$/, '')
    assert.deepEqual(asked, [`${base}/api/uploads/requested`, `${base}/api/upload/products/`])
  })
