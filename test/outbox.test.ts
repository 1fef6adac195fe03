/** What people put into the outbox by hand, as they meet it on the command line. */
import assert from 'node:assert/strict'
import { appendFile, mkdir, open, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { openMachines, recordsIn } from './machines.ts'

const ODD = ['x.JSONL', 'a[1].jsonl', 'week#1.jsonl', 'shop’s.jsonl', 'x.json']

function rowOf(sku: string): string {
  const product = { sku, name: `Milk ${sku}`, normalized_name_brand_size: sku, price_current: 1 }
  const metadata = { company: 'aldi', store_id: 'S1', store_name: 'Store', scraped_date: '2026-07-01' }
  return `${JSON.stringify({ product, metadata })}\n`
}

test('names that are never sent leave a run partly done, and upload-data, status and doctor name each of them', async () => {
  await using machines = await openMachines()
  const outbox = join(machines.scraping, 'product_outbox')
  await mkdir(outbox, { recursive: true, mode: 0o700 })
  for (const name of [...ODD, 'Thumbs.db']) await writeFile(join(outbox, name), rowOf(name))
  const server = await machines.serve(['--no-update-db'])
  const key = await machines.key()
  const run = await machines.upload(server, key, '--json')
  assert.equal(run.code, 3)
  const records = recordsIn(run)
  assert.deepEqual(
    records.flatMap(({ name, state, reason }) => (state === 'ignored' && reason !== '' ? [name] : [])).toSorted(),
    ODD.toSorted(),
  )
  const { outcome, ignored } = records.at(-1) ?? {}
  assert.deepEqual([outcome, ignored], ['partly', ODD.length])
  const status = await machines.run(['status'])
  const doctor = await machines.run(['doctor'], { API_SERVER_URL: server.url, API_SECRET_KEY: key })
  for (const name of ODD)
    for (const { stdout } of [status, doctor]) assert.ok(stdout.includes(name), `${name}: ${stdout}`)
  assert.ok(!status.stdout.includes('Thumbs.db'))
})

test('a run waits for a file that is still being copied, and says so; one that was written to afterwards is told', async () => {
  await using machines = await openMachines()
  const outbox = join(machines.scraping, 'product_outbox')
  await mkdir(outbox, { recursive: true, mode: 0o700 })
  const server = await machines.serve()
  const key = await machines.key('upload,read')
  const settings = { API_SERVER_URL: server.url, API_SECRET_KEY: key, OUTBOX_REST_SECONDS: '4' }
  const path = join(outbox, 'a.jsonl')
  await writeFile(path, rowOf('1'))
  const running = machines.start(['upload-data', '--wait'], settings)
  // However long the program takes to start: the file has just been written to whenever it looks.
  while (running.child.exitCode === null && !running.printed().includes('may still be written to')) {
    await using file = await open(path, 'r+')
    await file.write(rowOf('1'), 0)
    await sleep(100)
  }
  await appendFile(path, rowOf('2'))
  const first = await running.ended
  assert.equal(first.code, 0, first.stdout + first.stderr)
  assert.match(first.stderr, /^waiting +a\.jsonl may still be written to$/m)
  assert.match(first.stdout, /^loaded +a\.jsonl +2 rows: 2 inserted/m)
  await appendFile(join(machines.scraping, 'temp_jsonl_product_storage', 'a.jsonl'), rowOf('3'))
  const second = await machines.run(['upload-data', '--wait'], { ...settings, OUTBOX_REST_SECONDS: '0' })
  assert.equal(second.code, 0, second.stderr)
  assert.match(second.stdout, /^returned +a\.jsonl: The file was written to after it was sent/m)
  assert.match(second.stdout, /^loaded +a\.jsonl +3 rows: 1 inserted, 2 unchanged/m)
})
