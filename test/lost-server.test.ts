/** A server that has lost what it had loaded: its senders find out by themselves, and send again what it does not know any more. */
import assert from 'node:assert/strict'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { rowsText } from '../packages/data-management/test/receiver.ts'
import { freePorts } from './free-ports.ts'
import { type Ended, type Machines, openMachines, recordsIn, type Server } from './machines.ts'

const OUTBOX = 'product_outbox'
const AGAIN = /^warning +archive: The server has forgotten an upload it had accepted.*archived file/m

test('a server whose disk was lost, and one that was set back to a backup, get by themselves what they have no longer', async () => {
  await using machines = await openMachines()
  const backup = join(machines.path, 'backup.db')
  // It comes back at the same address.
  const [port] = await freePorts(1)
  const serve = () => machines.serve(['--port', String(port)])
  const first = await serve()
  const key = await machines.key()
  await put(machines, 'a.jsonl', 30)
  await sent(machines, first, key)
  await done(machines.run(['archive', 'pack']))
  await done(machines.run(['backup', backup]))
  await end(first)

  await rm(machines.dataManagement, { recursive: true })
  const empty = await serve()
  const newKey = await machines.key()
  assert.match((await sent(machines, empty, newKey)).stderr, AGAIN)
  await machines.untilProcessed(['a.jsonl'])
  assert.doesNotMatch((await sent(machines, empty, newKey)).stderr, AGAIN)
  await put(machines, 'b.jsonl', 31)
  await sent(machines, empty, newKey)
  await end(empty)

  await done(machines.run(['restore', backup]))
  await rm(join(machines.dataManagement, 'product_processed'), { recursive: true })
  const restored = await serve()
  await sent(machines, restored, key)
  assert.deepEqual(await machines.names('scraping', OUTBOX), [])
  const loads = recordsIn<{ type: string; name: string }>(await machines.run(['loads', 'list', '--json']))
  assert.deepEqual(loads.flatMap(({ type, name }) => (type === 'file' ? [name] : [])).sort(), ['a.jsonl', 'b.jsonl'])
})

async function put({ scraping }: Machines, name: string, rows: number): Promise<void> {
  await mkdir(join(scraping, OUTBOX), { recursive: true })
  await writeFile(join(scraping, OUTBOX, name), rowsText(rows))
}

/** Sends, and waits until all is loaded. */
function sent(machines: Machines, server: Server, key: string): Promise<Ended> {
  return done(machines.upload(server, key, '--wait'))
}

async function done(command: Promise<Ended>): Promise<Ended> {
  const ended = await command
  assert.equal(ended.code, 0, ended.stdout + ended.stderr)
  return ended
}

async function end({ child, ended }: Server): Promise<void> {
  child.kill('SIGTERM')
  await ended
}
