/** PgBouncer before PostgreSQL: one that hands sessions around is refused with a sentence; one that gives each client its own is not. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { chmod, chown, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { temporaryFolder } from '../../../test/folders.ts'
import { freePorts } from '../../../test/free-ports.ts'
import { until } from '../../../test/machines.ts'
import { neededHere } from '../../../test/needed.ts'
import { NO_POSTGRES, sharedPostgres } from '../../../test/postgres.ts'
import { openPostgresLedger } from '../ledger/postgres.ts'

const PROGRAM = ['/usr/sbin/pgbouncer', '/usr/bin/pgbouncer'].find((path) => existsSync(path))
const makeDatabase = sharedPostgres()
const NO_PGBOUNCER = neededHere(PROGRAM === undefined && 'pgbouncer is not installed')

/** Starts one before the server of an address; it may not run as root. */
async function startPgBouncer(
  folder: string,
  address: string,
  mode: string,
): Promise<{ address: string; child: ChildProcess }> {
  const [port] = await freePorts(1)
  const url = new URL(address)
  const name = url.pathname.slice(1)
  const file = join(folder, `${mode}.ini`)
  await writeFile(
    file,
    `[databases]\n${name} = host=${url.searchParams.get('host')} port=${url.port || 5432} user=splitcart\n[pgbouncer]
listen_addr = 127.0.0.1\nlisten_port = ${port}\nauth_type = any\npool_mode = ${mode}\nunix_socket_dir =\nlogfile =\npidfile =\n`,
  )
  const id = (flag: string) => Number(spawnSync('id', [flag, 'postgres'], { encoding: 'utf8' }).stdout)
  const owner = process.getuid?.() === 0 ? { uid: id('-u'), gid: id('-g') } : {}
  if (owner.uid !== undefined) await chown(file, owner.uid, owner.gid)
  const child = spawn(PROGRAM!, [file], { stdio: 'ignore', ...owner })
  return { child, address: `postgres://splitcart@127.0.0.1:${port}/${name}?sslmode=disable` }
}

test('a PgBouncer that hands sessions around is refused in one sentence, one that does not is worked with', {
  skip: NO_POSTGRES || NO_PGBOUNCER,
}, async () => {
  await using at = await temporaryFolder()
  await chmod(at.path, 0o755)
  await using database = await makeDatabase()
  await using direct = await openPostgresLedger(database.address)
  const answers: Record<string, string> = {}
  for (const mode of ['transaction', 'session']) {
    const { address, child } = await startPgBouncer(at.path, database.address, mode)
    try {
      await until(async () => {
        const open = async () => {
          await using ledger = await openPostgresLedger(address)
          await ledger.checkWritable()
          return 'works'
        }
        answers[mode] = await open().catch((error: Error) => error.message)
        return !/ECONNREFUSED/.test(answers[mode])
      }, 'PgBouncer answers')
    } finally {
      child.kill('SIGKILL')
      await once(child, 'close')
    }
  }
  assert.match(answers.transaction!, /a pooler hands sessions around \(PgBouncer with pool_mode = transaction/)
  assert.equal(answers.session, 'works')
  await direct.checkWritable()
})
