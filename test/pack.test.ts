/** What people install, made and run: the program as one file, on a machine of its own, from an empty folder to the first loaded file. */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, writeFileSync } from 'node:fs'
import { mkdir, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { bundleInto } from '../pack/bundle.ts'
import { makeExecutable } from '../pack/executable.ts'
import { ownNode } from '../pack/nodes.ts'
import { buildWriter, describeProgram } from '../pack/packages.ts'
import { temporaryFolder } from './folders.ts'
import { until } from './machines.ts'

const SYSTEM = `${process.platform}-${process.arch}`
const ROWS = Array.from({ length: 500 }, (_, number) =>
  JSON.stringify({ sku: number, name: `Tea ${number}`, price_current: 2 }),
)
const SCRAPER = `process.stdout.write(${JSON.stringify(ROWS.join('\n'))})`
const USE = `const writer = await JsonlWriter.open('data')
await writer.write({ product: { name: 'Tea', normalized_name_brand_size: 'tea', price_current: 2 }, metadata: { company: 'c', scraped_date: '2026-07-01' } })
process.stdout.write((await writer.commit()).name)`

test('one file without Node serves, connects, scrapes and delivers; started again it lays out nothing', {
  skip: process.platform === 'win32' && 'the executable of Windows is made, and not yet tried there',
}, async () => {
  await using at = await temporaryFolder()
  const program = join(at.path, 'splitcart')
  const bundle = join(at.path, 'bundle')
  await bundleInto(bundle)
  describeProgram(bundle)
  makeExecutable(bundle, { system: SYSTEM, node: ownNode() }, program)
  // Neither a Node nor a shell is on the way; a home of its own for each of the two machines.
  const machine = async (name: string) => {
    const home = join(at.path, name)
    await mkdir(home)
    const options = { cwd: home, env: { HOME: home, PATH: '/nowhere', TMPDIR: at.path }, encoding: 'utf8' } as const
    return { home, options, run: (...args: string[]) => spawnSync(program, args, options) }
  }
  const server = await machine('server')
  const client = await machine('client')
  const serving = spawn(program, ['serve', '--port', '0'], server.options)
  let printed = ''
  serving.stdout.on('data', (text) => (printed += text))
  serving.stderr.on('data', (text) => (printed += text))
  try {
    await until(() => printed.includes('Listening on') || serving.exitCode !== null, 'the server listens', 60_000)
    const url = /Listening on (\S+)/.exec(printed)?.[1] ?? printed
    const code = server.run('keys', 'invite', 'laptop').stdout.trim()
    const connected = client.run('connect', url, '--code', code, '--no-schedule')
    assert.equal(connected.status, 0, connected.stdout + connected.stderr)
    const scraping = ['scrape', '--company', 'corner', '--store', 'S1', '--', process.execPath, '-e', SCRAPER]
    const scraped = client.run(...scraping)
    assert.equal(scraped.status, 0, scraped.stderr)
    const sent = client.run('upload-data', '--wait')
    assert.match(sent.stdout, /1 sent, 1 loaded/, sent.stderr)
    assert.equal(server.run('export', 'prices').stdout.trim().split('\n').length, ROWS.length)
  } finally {
    serving.kill()
    await until(() => serving.exitCode !== null || serving.signalCode !== null, 'the server ends')
  }
  const cache = join(client.home, '.cache', 'splitcart')
  const [folder = '', ...more] = await readdir(cache)
  assert.deepEqual(more, [])
  assert.equal((await stat(join(cache, folder))).mode & 0o077, 0)
})

test('the published writer works for ESM and CommonJS, and depends on nothing', async () => {
  await using at = await temporaryFolder()
  const built = join(at.path, 'built')
  await buildWriter(built)
  const installed = join(at.path, 'node_modules', '@splitcart', 'jsonl-writer')
  mkdirSync(installed, { recursive: true })
  cpSync(built, installed, { recursive: true })
  writeFileSync(join(at.path, 'esm.mjs'), `import { JsonlWriter } from '@splitcart/jsonl-writer'\n${USE}`)
  writeFileSync(
    join(at.path, 'cjs.cjs'),
    `const { JsonlWriter } = require('@splitcart/jsonl-writer');(async () => {${USE}})()`,
  )
  for (const file of ['esm.mjs', 'cjs.cjs']) {
    const { stdout, stderr } = spawnSync(process.execPath, [file], { cwd: at.path, encoding: 'utf8' })
    assert.match(stdout, /^c-c-2026-07-01(-\w{8})?\.jsonl$/, stderr)
  }
})
