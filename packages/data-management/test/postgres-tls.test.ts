/** Connections to a PostgreSQL that encrypts, or does not: whose certificate is trusted, and what is said where none is. */
import assert from 'node:assert/strict'
import { copyFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { databaseServer } from '@splitcart/shared/settings.ts'
import { makeAuthority, NO_OPENSSL, sign } from '../../../test/certificates.ts'
import { temporaryFolder } from '../../../test/folders.ts'
import { freePorts } from '../../../test/free-ports.ts'
import { NO_POSTGRES, startCluster } from '../../../test/postgres.ts'
import { openPostgresLedger } from '../ledger/postgres.ts'

const unusable = (message: RegExp) => ({ name: 'Problem', code: 'database_unusable', message })

test('the certificate of PostgreSQL is verified, and what is wrong with it is one sentence', {
  skip: NO_POSTGRES || NO_OPENSSL,
}, async () => {
  await using at = await temporaryFolder()
  const authority = makeAuthority(at.path, 'authority')
  const here = sign(at.path, authority, { name: 'here', names: 'IP:127.0.0.1' })
  const [port] = await freePorts(1)
  await using cluster = await startCluster([`port=${port}`, 'listen_addresses=127.0.0.1', 'fsync=off'])
  const folder = new URL(cluster.address).searchParams.get('host')!
  const open = async (parameters: string, PGSSLROOTCERT?: string) => {
    const url = `postgres://splitcart@127.0.0.1:${port}/postgres?${parameters}`
    const address = databaseServer({ DATABASE_URL: url, PGSSLROOTCERT })!
    await using ledger = await openPostgresLedger(address)
    await ledger.checkWritable()
  }
  await open('sslmode=disable')
  await assert.rejects(open('sslmode=require'), unusable(/does not encrypt; add sslmode=disable/))

  const files = { cert: join(folder, 'data', 'server.crt'), key: join(folder, 'data', 'server.key') }
  await copyFile(here.cert, files.cert)
  await copyFile(here.key, files.key)
  await cluster.own(Object.values(files))
  await cluster.ask('alter system set ssl = on')
  await cluster.ask('select pg_reload_conf()')
  await assert.rejects(open('sslmode=verify-full'), unusable(/sslrootcert=/))
  await open(`sslmode=require&sslrootcert=${encodeURIComponent(authority.cert)}`)
  await open('sslmode=verify-full', authority.cert)
  await open('sslmode=disable', authority.cert)
})
