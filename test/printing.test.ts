/** What comes from outside is printed as what it is: no name, reason or row draws on the terminal or forges a line. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdir, utimes, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { type Ended, type Machines, openMachines } from './machines.ts'

const EVIL = 'x\u001b[2J\u001b]0;title\u0007\u009b31m\rforged\nsplitcart: all is well\u202e\u2028'
const SHOWN = /\\u(001b|\{1b\})\[2J/
const NO_ODD_NAMES = process.platform === 'win32' && 'Windows has no such names'
const KEY = 'a-key-that-no-server-has-given'
const ROW = { product: { name: EVIL, sku: EVIL }, metadata: { company: EVIL, store_id: EVIL } }

/** Lines are all that may steer a terminal, and no line is the one that was planted. */
function assertHarmless({ stdout, stderr }: Ended, what: string): void {
  for (const text of [stdout, stderr]) {
    assert.doesNotMatch(text.replaceAll('\n', ''), /[\p{Cc}\u2028\u202e]/u, what)
    assert.doesNotMatch(text, /^splitcart: all is well/m, what)
  }
}

async function runAll(machines: Machines, commands: readonly (readonly string[])[]): Promise<void> {
  for (const args of commands) {
    const ended = await machines.run(args)
    assertHarmless(ended, args.join(' '))
    assert.match(ended.stdout + ended.stderr, SHOWN, args.join(' '))
  }
}

test('names in the outbox and words of the server are printed as text', { skip: NO_ODD_NAMES }, async () => {
  await using machines = await openMachines()
  const outbox = join(machines.scraping, 'product_outbox')
  await mkdir(outbox, { recursive: true })
  execFileSync('mkfifo', [join(outbox, `${EVIL}.jsonl`)])
  await writeFile(join(outbox, 'good.jsonl'), '{}\n')
  const problem = { type: 'urn:splitcart:problem:odd', status: 400, code: 'odd', title: EVIL, detail: EVIL, todo: EVIL }
  const server = createServer((request, response) => {
    request
      .resume()
      .on('end', () =>
        response.writeHead(400, { 'content-type': 'application/problem+json' }).end(JSON.stringify(problem)),
      )
  }).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const asJson = await machines.upload({ url }, KEY, '--json')
  await writeFile(join(outbox, 'other.jsonl'), '{}\n')
  const ended = await machines.upload({ url }, KEY)
  server.close()
  assertHarmless(asJson, 'upload-data --json')
  assertHarmless(ended, 'upload-data')
  assert.equal(ended.stderr.split('\n').filter((line) => SHOWN.test(line)).length, 1, 'the name of the FIFO')
  assert.match(ended.stdout, /refused.*other\.jsonl: x\\u\{1b\}\[2J/)
  await runAll(machines, [['upload-data', '--dry-run']])
})

test('rows, key names and reasons are printed as text', { skip: NO_ODD_NAMES }, async () => {
  await using machines = await openMachines()
  await machines.makeServerData()
  const inbox = join(machines.dataManagement, 'product_inbox')
  assert.equal((await machines.run(['keys', 'create', EVIL, '--only', 'northmart'])).code, 0)
  const refused = await machines.run(['keys', 'create', EVIL, '--only', EVIL])
  assertHarmless(refused, 'keys create --only')
  await writeFile(join(inbox, 'rows.jsonl'), `${JSON.stringify(ROW)}\n`)
  await utimes(join(inbox, 'rows.jsonl'), 1, 1)
  await writeFile(join(inbox, `${EVIL}.txt`), '')
  await runAll(machines, [
    ['update-db', '--products'],
    ['keys', 'list'],
    ['audit'],
    ['audit', '--json'],
    ['rejects', 'show', 'rows.jsonl'],
  ])
  for (const args of [
    ['holds', 'release', EVIL],
    ['keys', 'revoke', EVIL],
    ['serve', '--host', EVIL],
    ['upload-data', '--api-server-url', EVIL],
    ['update-db', '--products', '--data-management-data-dir', join(machines.path, EVIL, 'x')],
  ])
    assertHarmless(await machines.run(args), args.join(' '))
})

const FORMULAS = ['=1+1', '+1', '-1', '@SUM(A1)', "'=1", '\t=1', '＝1']
const PLAIN = ["'t Zand", 'a=1', '1']

test('what a spreadsheet would take for a formula is text in CSV, and as it was in JSON Lines', async () => {
  await using machines = await openMachines()
  const metadata = { company: 'x', store_id: 'y', scraped_date: '2026-01-01' }
  const rows = [...FORMULAS, ...PLAIN].map((name, at) => {
    const product = { sku: `s${at}`, name, brand: name, normalized_name_brand_size: `${at}`, price_current: 1 }
    return JSON.stringify({ product, metadata })
  })
  const file = join(machines.dataManagement, 'product_inbox', 'rows.jsonl')
  await mkdir(dirname(file), { recursive: true })
  await writeFile(file, rows.join('\n'))
  await utimes(file, 1, 1)
  await machines.run(['update-db', '--products'])
  const asCsv = await machines.run(['export', 'prices', '--csv'])
  const cells = asCsv.stdout.split('\r\n').slice(1, -1)
  const text = (name: string) => (FORMULAS.includes(name) ? `'${name}` : name)
  assert.deepEqual(
    cells,
    [...FORMULAS, ...PLAIN].map((name, at) => `x,y,s${at},,${text(name)},${text(name)},,2026-01-01,100,,,`),
  )
  const asJson = await machines.run(['export', 'prices'])
  const names = asJson.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line).name)
  assert.deepEqual(names, [...FORMULAS, ...PLAIN])
})

test('colors are left out where that is asked for, before the command or behind it, whatever the environment wants', async () => {
  await using machines = await openMachines()
  const forced = { FORCE_COLOR: '1' }
  assert.ok((await machines.run(['doctor'], forced)).stdout.includes('\u001b[32mok'))
  for (const args of [
    ['doctor', '--no-color'],
    ['--no-color', 'doctor'],
  ]) {
    const { stdout } = await machines.run(args, forced)
    assert.match(stdout, /^ok /m)
    assert.ok(!stdout.includes('\u001b'))
  }
  assert.equal((await machines.run(['--no-color', 'keys', '--no-color', 'list', '--help'])).code, 0)
})
