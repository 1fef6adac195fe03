/** What is noticed of the servers of a fleet's inbox before anything is entrusted to them. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { test } from 'node:test'
import { jetstreamManager } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import { freePorts } from '../../../test/free-ports.ts'
import { NO_NATS, startNats } from '../../../test/nats.ts'
import { jetStreamAddressOf } from '../inbox/jetstream/address.ts'
import { checkFleetInbox, checkSync } from '../inbox/jetstream/check.ts'
import { JetStreamInbox } from '../inbox/jetstream/servers.ts'

const skip = NO_NATS

test('one copy of everything is told, and syncs that cannot be seen', { skip }, async () => {
  await using nats = await startNats(1)
  await using fleet = await JetStreamInbox.open(nats.address)
  const results = await checkFleetInbox(fleet)
  assert.deepEqual(
    results.map(({ state }) => state),
    ['warn', 'warn', 'warn'],
  )
  assert.match(results[0]!.detail, /has one copy/)
  assert.match(results[2]!.detail, /cannot be seen/)
})

test('fewer copies than wanted are told, and a stream in memory is refused', { skip }, async () => {
  await using nats = await startNats(1)
  const connection = await connect({ servers: nats.address.replace('nats://', '') })
  const manager = await jetstreamManager(connection)
  await manager.streams.add({
    name: 'splitcart_work',
    subjects: ['splitcart.work.*'],
    retention: 'workqueue',
    storage: 'memory',
  })
  await connection.close()
  await using fleet = await JetStreamInbox.open(`${nats.address}?replicas=1`)
  const work = (await checkFleetInbox(fleet)).find(({ check }) => check === 'stream splitcart_work')
  assert.equal(work?.state, 'fail')
  assert.match(work?.detail ?? '', /in memory/)
})

test('a real server that does not sync each write is told', { skip }, async () => {
  await using nats = await startNats(1)
  const result = await checkSync(`127.0.0.1:${nats.monitorPort}`)
  assert.equal(result.state, 'warn')
  assert.match(result.detail, /nats-server 2\.\d+\.\d+ syncs/)
})

test('what newer servers tell of their syncs is understood; one that tells nothing is told', async () => {
  const told = { version: '2.12.1', jetstream: { config: {} as Record<string, unknown> } }
  const server = createServer((_request, response) => void response.end(JSON.stringify(told)))
  // When it is gone, nobody else may be there.
  const [port] = await freePorts(1)
  const host = `127.0.0.1:${port}`
  await once(server.listen(port, '127.0.0.1'), 'listening')
  told.jetstream.config = { sync_always: true, sync_interval: 120_000_000_000 }
  assert.equal((await checkSync(host)).state, 'ok')
  told.jetstream.config = { sync_interval: 120_000_000_000 }
  assert.match((await checkSync(host)).detail, /syncs every 120 s/)
  await once(server.close(), 'close')
  assert.match((await checkSync(host)).detail, /cannot be asked/)
})

test('an option of an address that is misspelt, given twice, or no port is refused, and named', () => {
  for (const [wrong, told] of [
    ['one?replica=3', 'no option "replica"'],
    ['one?replicas=1&replicas=3', 'replicas once'],
    ['one?monitor=65536', 'monitor of 1 to 65535'],
    ['one,two:99999', 'a port of 1 to 65535 in two:99999'],
  ])
    assert.throws(() => jetStreamAddressOf(`nats://${wrong}`), { message: RegExp(`8222 where .*, and ${told}$`) })
})
