/** `upload-data` as a program that stays: how it is stopped, how it slows down, and what else may work beside it. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { isLocked } from '@splitcart/shared/lock.ts'
import { DAY_MS } from '@splitcart/shared/time.ts'
import { type Machines, openMachines, recordsIn, until } from './machines.ts'
import { openStrangerProxy, type Pass, STEPS } from './stranger.ts'

/** A file of so many bytes that do not compress below three quarters of them. */
async function put(machines: Machines, name: string, bytes: number): Promise<void> {
  const part = join(machines.scraping, 'product_outbox', '.part', name)
  await mkdir(join(part, '..'), { recursive: true })
  const rows = Array.from({ length: Math.ceil(bytes / 1000) }, (_, index) => {
    const product = {
      sku: `${name} ${index}`,
      name: `Milk ${index}`,
      noise: randomBytes(570).toString('base64'),
      normalized_name_brand_size: `${name} ${index}`,
      price_current: 1,
    }
    const metadata = { company: 'aldi', store_name: 'nerang', store_id: name, scraped_date: '2025-09-12' }
    return `${JSON.stringify({ product, metadata })}\n`
  })
  await writeFile(part, rows.join(''))
  await rename(part, join(machines.scraping, 'product_outbox', name))
}

test('asked to stop, it finishes what it is sending; asked twice, it ends at once and loses nothing', async () => {
  await using machines = await openMachines()
  await put(machines, 'a.jsonl', 300_000)
  const server = await machines.serve(['--no-update-db'])
  // A file is on its way for as long as nobody lets it through.
  await using line = await openStrangerProxy(Number(new URL(server.url).port))
  const waiting: Pass[] = []
  line.stranger = (request, _response, pass) => (STEPS.POST!(request) ? waiting.push(pass) : pass())
  const environment = { API_SERVER_URL: line.url, API_SECRET_KEY: await machines.key() }
  const watch = () => machines.start(['upload-data', '--watch', '--limit-rate', '100k'], environment)

  const impatient = watch()
  await until(() => waiting.length === 1, 'the file is on its way')
  // Asked again within half a second, it takes that for the same request, by its own clock; so it is asked until it has ended.
  await until(() => !impatient.child.kill('SIGTERM'), 'it ends without the file')
  assert.equal((await impatient.ended).code, 130)
  assert.deepEqual(await machines.names('scraping', 'product_outbox'), ['a.jsonl'])

  const patient = watch()
  const startedAt = performance.now()
  await until(() => waiting.length === 2, 'the file is on its way again')
  await put(machines, 'b.jsonl', 1000)
  patient.child.kill('SIGTERM')
  // It has heard that by the time it has let the file through, or else sends the other one, too.
  waiting[1]!()
  const { code, stdout, stderr } = await patient.ended
  assert.match(stdout, /^accepted +a\.jsonl/m, stderr)
  assert.doesNotMatch(stdout, /b\.jsonl/)
  assert.equal(code, 3, 'one file still waits')
  assert.ok(performance.now() - startedAt > 1500, 'the rate was limited')
})

test('while it stays, a second one is refused, and the archive can be pruned', async () => {
  await using machines = await openMachines()
  await put(machines, 'old.jsonl', 1000)
  await put(machines, 'new.jsonl', 1000)
  const server = await machines.serve()
  const environment = { API_SERVER_URL: server.url, API_SECRET_KEY: await machines.key() }
  assert.equal((await machines.run(['upload-data', '--wait', '--concurrency', '2'], environment)).code, 0)
  const archive = join(machines.scraping, 'temp_jsonl_product_storage')
  const note = join(archive, 'old.receipt.json')
  const receipt = JSON.parse(await readFile(note, 'utf8'))
  // Not longer ago than who scrapes ever pauses: then the clock would be doubted.
  const day = new Date(Date.now() - 50 * DAY_MS).toISOString().slice(0, 10)
  await writeFile(note, JSON.stringify({ ...receipt, load: { ...receipt.load, finished_at: `${day}T12:00:00Z` } }))

  const watching = machines.start(['upload-data', '--watch'], environment)
  await until(() => isLocked(join(machines.scraping, 'product_outbox', '.lock')), 'it watches')
  assert.equal((await machines.run(['upload-data'], environment)).code, 11)
  const dry = await machines.run(['archive', 'prune', '--dry-run'])
  assert.match(dry.stdout, RegExp(`^would go {2}old\\.jsonl {2}loaded ${day}\n1 file would be removed, `))
  const [file, summary] = recordsIn(await machines.run(['archive', 'prune', '--json']))
  assert.deepEqual([file?.name, file?.state, summary?.files], ['old.jsonl', 'pruned', 1])
  assert.deepEqual(await machines.names('scraping', 'temp_jsonl_product_storage'), ['new.jsonl', 'new.receipt.json'])
  assert.match(
    (await machines.run(['archive', 'prune', '--days', 'soon'])).stderr,
    /ARCHIVE_DAYS_MIN: expected a whole/,
  )
  watching.child.kill('SIGTERM')
  assert.equal((await watching.ended).code, 0)
})

test('a key that is exchanged in its file is taken by a watch that runs, when the old one is refused', async () => {
  await using machines = await openMachines()
  const server = await machines.serve(['--no-update-db'])
  const file = join(machines.path, 'key')
  await writeFile(file, await machines.key(), { mode: 0o600 })
  const settings = { API_SERVER_URL: server.url, API_SECRET_KEY_FILE: file, UPLOAD_WATCH_SECONDS: '1' }
  const watching = machines.start(['upload-data', '--watch'], settings)
  await until(() => isLocked(join(machines.scraping, 'product_outbox', '.lock')), 'it watches')
  const [old] = recordsIn(await machines.run(['keys', 'list', '--json']))
  await writeFile(file, await machines.key())
  assert.equal((await machines.run(['keys', 'revoke', String(old?.id)])).code, 0)
  await put(machines, 'a.jsonl', 1000)
  await until(() => /^accepted +a\.jsonl/m.test(watching.printed()), 'it is sent with the new key')
  watching.child.kill('SIGTERM')
  assert.equal((await watching.ended).code, 0)
})

test('after the server was set back to a backup, what it had not loaded comes to it again by itself', async () => {
  await using machines = await openMachines()
  const server = await machines.serve(['--no-update-db'])
  const key = await machines.key()
  const backup = join(machines.path, 'backup.db')
  assert.equal((await machines.run(['backup', backup])).code, 0)
  await put(machines, 'a.jsonl', 1000)
  assert.equal((await machines.upload(server, key)).code, 0)
  server.child.kill('SIGTERM')
  await server.ended
  assert.equal((await machines.run(['restore', backup])).code, 0)
  await rename(join(machines.dataManagement, 'product_inbox', 'a.jsonl'), join(machines.path, 'lost.jsonl'))

  const restored = await machines.serve()
  const sent = await machines.upload(restored, key, '--wait')
  assert.equal(sent.code, 0, sent.stderr)
  assert.match(sent.stderr, /^warning +a\.jsonl: The server has forgotten an upload it had accepted/m)
  assert.match(sent.stdout, /^loaded +a\.jsonl/m)
})
