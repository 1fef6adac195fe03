/** Several PostgreSQL machines behind one address: the one that can be written is used, and after a failover the other one. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { networkInterfaces } from 'node:os'
import { test } from 'node:test'
import { databaseServer } from '@splitcart/shared/settings.ts'
import { freePorts } from '../../../test/free-ports.ts'
import { until } from '../../../test/machines.ts'
import { NO_POSTGRES, startCluster } from '../../../test/postgres.ts'
import { readSchemaState } from '../database/postgres-inspect.ts'
import { openPostgresLedger } from '../ledger/postgres.ts'

const LOOPBACK_6 = Object.values(networkInterfaces()).some((all) => all?.some(({ address }) => address === '::1'))
const NO_IPV6 = !LOOPBACK_6 && 'this machine has no IPv6'

const options = (port: number, addresses = '127.0.0.1') => [
  `port=${port}`,
  `listen_addresses=${addresses}`,
  'fsync=off',
]

function isSo(asked: Promise<unknown>): Promise<boolean> {
  return asked.then(
    () => true,
    () => false,
  )
}

test('of several PostgreSQL machines the one that can be written is used, before a failover and after it', {
  skip: NO_POSTGRES,
}, async () => {
  const [one, other, none] = (await freePorts(3)) as [number, number, number]
  await using first = await startCluster(options(one))
  await using second = await first.follow(options(other))
  const url = `postgres://splitcart@127.0.0.1:${none},127.0.0.1:${other},127.0.0.1:${one}/postgres`
  const address = databaseServer({ DATABASE_URL: url })!
  await using ledger = await openPostgresLedger(address)
  await ledger.checkWritable()
  assert.equal((await readSchemaState(address, 'ledger')).isReadOnly, false)
  await ledger.identity.setIfMissing('this one')
  const follows = 'select 1 / count(*) from pg_stat_replication where replay_lsn >= pg_current_wal_insert_lsn()'
  await until(() => isSo(first.ask(follows)), 'the other machine has all of it')

  await first.kill()
  await second.ask('select pg_promote()')
  await until(() => isSo(ledger.checkWritable()), 'it can be written')
  assert.equal(await ledger.identity.get(), 'this one')
  await ledger.identity.setOther('written there')
  assert.equal(await ledger.identity.get(), 'written there')
})

test('where no machine can be written each is told with what it says', { skip: NO_POSTGRES }, async () => {
  const [port, none] = (await freePorts(2)) as [number, number]
  await using cluster = await startCluster([...options(port), 'default_transaction_read_only=on'])
  assert.ok(cluster)
  await assert.rejects(openPostgresLedger(`postgres://splitcart@127.0.0.1:${none},127.0.0.1:${port}/postgres`), {
    code: 'database_unreachable',
    message: new RegExp(`ECONNREFUSED 127\\.0\\.0\\.1:${none}; 127\\.0\\.0\\.1:${port} can only be read`),
  })
})

test('a machine that takes a connection and says nothing is passed over', { skip: NO_POSTGRES }, async () => {
  const [port] = (await freePorts(1)) as [number]
  await using cluster = await startCluster(options(port))
  assert.ok(cluster)
  await using silent = createServer((socket) => socket.resume().on('error', () => {})).listen(0, '127.0.0.1')
  await once(silent, 'listening')
  const address = `postgres://splitcart@127.0.0.1:${(silent.address() as AddressInfo).port},127.0.0.1:${port}/postgres`
  const [looked, ledger] = await Promise.all([readSchemaState(address, 'ledger'), openPostgresLedger(address)])
  await ledger[Symbol.asyncDispose]()
  assert.equal(looked.isReadOnly, false)
})

test('PostgreSQL is reached over IPv6', { skip: NO_POSTGRES || NO_IPV6 }, async () => {
  const [port] = (await freePorts(1)) as [number]
  await using cluster = await startCluster(options(port, '::1'))
  assert.ok(cluster)
  const address = databaseServer({ DATABASE_URL: `postgres://splitcart@[::1]:${port}/postgres` })!
  await using ledger = await openPostgresLedger(address)
  await ledger.checkWritable()
})
