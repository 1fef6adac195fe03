/** How the machine is: its disk, its inbox, its databases. */
import { join } from 'node:path'
import { codeOf } from '@splitcart/shared/disk.ts'
import type { Sql } from '../../database/sql.ts'
import type { Pending } from '../../inbox/inbox.ts'
import type { Reading } from '../threads/reading.ts'
import type { SystemView } from './system-schema.ts'

// Uploads are refused when less than what is to be kept is free: a person should know while there is still as much again.
const DISK_LOW_FROM = 2

/** How much room there is. */
export async function diskOf({ inbox }: Reading): Promise<SystemView['disk']> {
  const { bavail, blocks, bsize } = await inbox.disk.statfs(inbox.folders.inbox)
  const free = bavail * bsize
  return {
    is_low: free < DISK_LOW_FROM * inbox.diskBytesKept,
    free_bytes: free,
    total_bytes: blocks * bsize,
    kept_bytes: inbox.diskBytesKept,
  }
}

/** What waits: what lies in the inbox, also files that a person put there and the ledger does not know yet. */
export async function waitingOf({ inbox }: Reading, { files }: Pending): Promise<SystemView['inbox']> {
  const { bytes, since } = await inbox.ledger.uploads.waiting()
  return {
    files,
    bytes,
    oldest_received_at: since === null ? null : new Date(since).toISOString(),
  }
}

/** How large the databases are, each with its write-ahead log. */
export async function databasesOf({ inbox, catalogue }: Reading): Promise<SystemView['databases']> {
  if (catalogue.path === null) return schemasIn(catalogue.database)
  const paths = {
    catalogue: catalogue.path,
    ledger: join(inbox.folders.data, 'ledger.db'),
  } as const
  return Promise.all(
    (['catalogue', 'ledger'] as const).map(async (name) => {
      const path = paths[name]
      return { name, path, bytes: await bytesOf(path), log_bytes: await bytesOf(`${path}-wal`) }
    }),
  )

  async function bytesOf(path: string): Promise<number> {
    try {
      return (await inbox.disk.lstat(path)).size
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return 0
      throw error
    }
  }
}

/** How large the schemas are in PostgreSQL; its log is for the whole server. */
async function schemasIn(database: Sql): Promise<SystemView['databases']> {
  const sql = `select coalesce(sum(pg_total_relation_size(pg_class.oid)), 0) as bytes
    from pg_class join pg_namespace on pg_namespace.oid = relnamespace where nspname = ? and relkind = 'r'`
  const databases: SystemView['databases'] = []
  for (const name of ['catalogue', 'ledger'] as const) {
    const { bytes } = (await database.get<{ bytes: number }>(sql, name))!
    databases.push({ name, path: `PostgreSQL, schema ${name}`, bytes, log_bytes: 0 })
  }
  return databases
}
