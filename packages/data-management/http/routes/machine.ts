/** Reads the state of the server's machine: disk space, inbox and database sizes. */

import { join } from 'node:path'
import { undefinedIfMissing } from '@splitcart/shared/disk.ts'
import { isoTime } from '@splitcart/shared/time.ts'
import type { Sql } from '../../database/sql.ts'
import type { InboxStatus } from '../../inbox/inbox.ts'
import type { QueryContext } from '../threads/query-context.ts'
import type { SystemView } from './system-schema.ts'

// The disk counts as low below twice `diskBytesKept`, so that a person knows before uploads are refused below it.
const DISK_LOW_FACTOR = 2

/** The free space on the disk of the inbox. */
export async function readDisk({ inbox }: QueryContext): Promise<SystemView['disk']> {
  const { bavail, blocks, bsize } = await inbox.disk.statfs(inbox.folders.inbox)
  const free = bavail * bsize
  return {
    is_low: free < DISK_LOW_FACTOR * inbox.diskBytesKept,
    free_bytes: free,
    total_bytes: blocks * bsize,
    kept_bytes: inbox.diskBytesKept,
  }
}

/** What waits to be loaded. `files` includes those put into the inbox by hand, which the ledger may not know yet. */
export async function readWaiting({ inbox }: QueryContext, { files }: InboxStatus): Promise<SystemView['inbox']> {
  const { bytes, since } = await inbox.ledger.uploads.backlog()
  return {
    files,
    bytes,
    oldest_received_at: isoTime(since),
  }
}

/** The sizes of the databases and of their write-ahead logs. */
export async function readDatabaseSizes({ inbox, catalogue }: QueryContext): Promise<SystemView['databases']> {
  if (catalogue.path === null) return readSchemaSizes(catalogue.database)
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
    return (await inbox.disk.lstat(path).catch(undefinedIfMissing))?.size ?? 0
  }
}

/** The sizes of the schemas in PostgreSQL; `log_bytes` is 0, as its log belongs to the whole server. */
async function readSchemaSizes(database: Sql): Promise<SystemView['databases']> {
  const sql = `select coalesce(sum(pg_total_relation_size(pg_class.oid)), 0) as bytes
    from pg_class join pg_namespace on pg_namespace.oid = relnamespace where nspname = ? and relkind = 'r'`
  const databases: SystemView['databases'] = []
  for (const name of ['catalogue', 'ledger'] as const) {
    const { bytes } = (await database.get<{ bytes: number }>(sql, name))!
    databases.push({ name, path: `PostgreSQL, schema ${name}`, bytes, log_bytes: 0 })
  }
  return databases
}
