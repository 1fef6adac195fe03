/** Loads whose rows were read by an older reader version, which may have kept less of them. */
import { READER_VERSION } from '@splitcart/shared/row.ts'
import type { Sql } from '../database/sql.ts'

/** A load by an older reader. `wasLimited`: rows were rejected because the sender may not write for their stores. */
export type OlderLoad = Readonly<{ id: number; sha256: string; wasLimited: boolean }>

const IS_OLDER = `state = 'loaded' and reader_version < ${READER_VERSION}`
const IS_LIMITED = `exists (select 1 from reject where load_id = load.id and code = 'store_not_permitted')`

/** Older loads with ids above `afterId`, by id. Loads from before the version was recorded have reader version 0. */
export async function olderLoads(database: Sql, afterId: number, limit: number): Promise<OlderLoad[]> {
  const sql = `select id, sha256, case when ${IS_LIMITED} then 1 else 0 end as limited from load
    where ${IS_OLDER} and id > ? order by id limit ?`
  const found = await database.all<{ id: number; sha256: string; limited: number }>(sql, afterId, limit)
  return found.map(({ id, sha256, limited }) => ({ id, sha256, wasLimited: limited === 1 }))
}

/** The SHA-256 of the older loads, newest first. */
export async function newestOlderLoads(database: Sql, limit: number): Promise<string[]> {
  const sql = `select sha256 from load where ${IS_OLDER} order by id desc limit ?`
  return (await database.all<{ sha256: string }>(sql, limit)).map(({ sha256 }) => sha256)
}

/** How many older loads there are. */
export async function countOlderLoads(database: Sql): Promise<number> {
  const sql = `select count(*) as count from load where ${IS_OLDER}`
  return Number((await database.get<{ count: number }>(sql))?.count ?? 0)
}

/** Whether the load of these bytes is an older load. */
export async function isOlderLoad(database: Sql, sha256: string): Promise<boolean> {
  const sql = `select 1 as one from load where ${IS_OLDER} and sha256 = ?`
  return (await database.get(sql, sha256)) !== undefined
}
