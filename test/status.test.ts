/** `splitcart status`: what people and monitoring learn on either machine, without changing anything. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdir, readdir, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import type { DataManagementStatus } from '@splitcart/data-management/status.ts'
import type { ScrapingStatus } from '@splitcart/scraping/status.ts'
import { isLocked } from '@splitcart/shared/lock.ts'
import { type Machines, openMachines, PROGRAM, until, withoutSettings } from './machines.ts'

type Status = { scraping: ScrapingStatus | null; data_management: DataManagementStatus | null }

async function statusOf(machines: Machines, expected = 0): Promise<Status> {
  const { code, stdout, stderr } = await machines.run(['status', '--json'])
  assert.equal(code, expected, stderr)
  return JSON.parse(stdout)
}

function row(name: string): string {
  const product = { sku: name, name, normalized_name_brand_size: name, price_current: 1.5 }
  const metadata = { company: 'aldi', store_name: 'nerang', store_id: 'G120', scraped_date: '2025-09-12' }
  return `${JSON.stringify({ product, metadata })}\n`
}

async function put(machines: Machines, name: string): Promise<void> {
  const outbox = join(machines.scraping, 'product_outbox')
  await mkdir(outbox, { recursive: true })
  await writeFile(join(outbox, name), row(name))
}

test('a machine on which nothing has happened yet says so', async () => {
  await using machines = await openMachines()
  const nothing = { type: 'summary', scraping: null, data_management: null }
  assert.deepEqual(await statusOf(machines, 2), nothing as object)
  const { code, stdout, stderr } = await machines.run(['status'])
  assert.deepEqual([code, stdout.match(/nothing here yet/g)?.length], [2, 2])
  assert.match(stdout, new RegExp(`^settings: the environment, .*${machines.path}/\\.env \\(not there\\)`, 'm'))
  assert.match(stderr, /If this is the wrong folder, name the right one: --scraping-data-dir/)
  assert.deepEqual(await readdir(machines.path), [], 'looking makes no folders')
})

test('what waits, who is at work and how the last run ended is told, on both sides', async () => {
  await using machines = await openMachines()
  await put(machines, 'a.jsonl')
  const server = await machines.serve()
  const key = await machines.key()
  const away = { url: 'http://127.0.0.1:9' }
  assert.equal((await machines.upload(away, key, '--upload-tries-max', '1')).code, 5)
  const before = await statusOf(machines)
  assert.deepEqual([before.scraping?.outbox?.files, before.scraping?.outbox?.bytes], [1, row('a.jsonl').length])
  assert.ok(Date.parse(before.scraping?.outbox?.oldest_at ?? '') > 0)
  const run = before.scraping?.last_run
  assert.deepEqual([run?.outcome, run?.problem?.code, run?.last_good_at], ['unreachable', 'server_unreachable', null])
  await until(() => isLocked(join(machines.dataManagement, '.update-db.lock')), 'the loader runs')

  assert.equal((await machines.upload(server, key, '--wait')).code, 0)
  await machines.untilProcessed(['a.jsonl'])
  const after = await statusOf(machines)
  assert.deepEqual([after.scraping?.outbox?.files, after.scraping?.uploads?.loaded], [0, 1])
  assert.deepEqual([after.scraping?.last_run?.outcome, after.scraping?.uploader_running], ['done', false])
  assert.equal(after.scraping?.last_run?.last_good_at, after.scraping?.last_run?.finished_at)
  const { uploads, server_running, loader_running, processed, disk_free_bytes } = after.data_management ?? {}
  assert.deepEqual([uploads?.loaded, server_running, loader_running, processed?.files], [1, true, true, 1])
  assert.ok((disk_free_bytes ?? 0) > 0)
  const { stdout } = await machines.run(['status'])
  assert.match(stdout, /serve runs, update-db runs/)
  assert.match(stdout, /last good run {3}\d{4}-\d\d-\d\d/)
  server.child.kill('SIGTERM')
  await server.ended
  assert.equal((await statusOf(machines)).data_management?.server_running, false)
})

const NOT_ROOT = process.getuid?.() !== 0 && 'only root can start a program as another user'

test('a user without the right to look gets a sentence, and no stack', { skip: NOT_ROOT }, async () => {
  await using machines = await openMachines()
  await put(machines, 'a.jsonl')
  await machines.key()
  await chmod(machines.path, 0o755)
  for (const folder of [machines.scraping, machines.dataManagement]) await chmod(folder, 0o755)
  const env = {
    ...withoutSettings(),
    SCRAPING_DATA_DIR: machines.scraping,
    DATA_MANAGEMENT_DATA_DIR: machines.dataManagement,
  }
  await chmod(join(machines.scraping, 'product_outbox'), 0o700)
  const child = spawn(process.execPath, [PROGRAM, 'status'], { cwd: machines.path, env, uid: 65534, gid: 65534 })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (said += text))
  const [code] = await once(child, 'close')
  assert.equal(code, 1, said)
  assert.match(said, /warning {2}product_outbox cannot be looked at: this user has no right to it \(EACCES\)/)
  assert.match(said, /warning {2}ledger\.db cannot be looked at/)
  assert.doesNotMatch(said, /\n +at /)
})

test('files of other kinds are known to status, doctor and salvage', async () => {
  await using machines = await openMachines()
  await machines.key()
  const [outbox, inbox] = [join(machines.scraping, 'stores_outbox'), join(machines.dataManagement, 'barcodes_inbox')]
  for (const folder of [join(outbox, '.part'), inbox]) await mkdir(folder, { recursive: true, mode: 0o700 })
  const store = '{"company":"aldi","store_id":"G120"}\n'
  await writeFile(join(outbox, 'list.jsonl'), store)
  await writeFile(join(inbox, 'known.jsonl'), '{}\n')
  const left = join(outbox, '.part', 'cut-off.jsonl.part')
  await writeFile(left, `${store}{"comp`)
  await utimes(left, 0, 0)
  const { scraping, data_management } = await statusOf(machines)
  assert.deepEqual([scraping?.outbox?.files, scraping?.kinds.stores?.outbox?.files], [0, 1])
  assert.equal(data_management?.kinds.barcodes?.files, 1)
  assert.match(
    (await machines.run(['status'])).stdout,
    /waiting in stores_outbox +1[\s\S]*waiting in barcodes_inbox +1/,
  )
  assert.match((await machines.run(['doctor'])).stdout, /outbox of stores +1 wait/)
  const salvaged = await machines.run(['salvage'])
  assert.match(salvaged.stdout, /salvaged {2}cut-off-salvaged.jsonl {2}1 row, 6 bytes of a torn row dropped/)
  assert.deepEqual(await machines.names('scraping', 'stores_outbox'), ['cut-off-salvaged.jsonl', 'list.jsonl'])
})
