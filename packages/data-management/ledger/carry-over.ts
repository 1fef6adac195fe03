/**
 * Carries newer facts into a restored backup of a ledger, which must not undo them: keys and sessions that have ended
 * since, the senders of what waits in the inbox, and what was loaded since.
 */
import type { Selectable } from 'kysely'
import type { LedgerDatabase, LedgerTables } from './database.ts'

const PAGE_UPLOADS = 500

/** How many keys were ended again, waiting uploads got their senders, and loaded uploads were recorded. */
export type CarryOverCounts = Readonly<{ ended: number; waiting: number; loaded: number }>

/** Copies these facts from the previous ledger into the one that is being restored. */
export function carryOver(previous: LedgerDatabase, restored: LedgerDatabase): Promise<CarryOverCounts> {
  return restored.transaction().execute(async (transaction) => ({
    ended: await carryEndedKeys(previous, transaction),
    waiting: await carryWaitingUploads(previous, transaction),
    loaded: await carryLoadedUploads(previous, transaction),
  }))
}

/** Active keys of a restored ledger that the previous one lacks; all active ones if `previous` could not be read. */
export async function keysUnknownBefore(
  previous: LedgerDatabase | undefined,
  restored: LedgerDatabase,
  now: number,
): Promise<{ id: string; name: string }[]> {
  const known = new Set((await previous?.selectFrom('api_key').select('id').execute())?.map(({ id }) => id))
  const keys = await restored.selectFrom('api_key').select(['id', 'name', 'revoked_at', 'expires_at']).execute()
  return keys
    .filter(({ revoked_at, expires_at }) => revoked_at === null && (expires_at ?? now + 1) > now)
    .filter(({ id }) => !known.has(id))
    .map(({ id, name }) => ({ id, name }))
}

async function carryEndedKeys(previous: LedgerDatabase, restored: LedgerDatabase): Promise<number> {
  let ended = 0
  for (const key of await previous.selectFrom('api_key').selectAll().execute()) {
    const { id, revoked_at, expires_at, rotated_to } = key
    const now = await restored.selectFrom('api_key').selectAll().where('id', '=', id).executeTakeFirst()
    if (now === undefined || (now.revoked_at === revoked_at && now.expires_at === expires_at)) continue
    await restored.updateTable('api_key').set({ revoked_at, expires_at, rotated_to }).where('id', '=', id).execute()
    ended++
  }
  return ended
}

async function carryWaitingUploads(previous: LedgerDatabase, restored: LedgerDatabase): Promise<number> {
  for (const arriving of await previous.selectFrom('arriving').selectAll().execute())
    await restored
      .insertInto('arriving')
      .values(arriving)
      .onConflict((conflict) => conflict.column('id').doNothing())
      .execute()
  const waiting = await previous
    .selectFrom('upload')
    .selectAll()
    .where('state', 'in', ['accepted', 'loading'])
    .execute()
  for (const upload of waiting) await carryUpload(previous, restored, upload)
  return waiting.length
}

/** The backup's catalogue lacks these uploads: all are loaded again from their files (update-db/repair.ts). */
async function carryLoadedUploads(previous: LedgerDatabase, restored: LedgerDatabase): Promise<number> {
  let loaded = 0
  for (let behind = ''; ; ) {
    const page = await previous
      .selectFrom('upload')
      .selectAll()
      .where('state', '=', 'loaded')
      .where('id', '>', behind)
      .orderBy('id')
      .limit(PAGE_UPLOADS)
      .execute()
    for (const upload of page) {
      behind = upload.id
      const { sha256 } = upload
      const known = await restored.selectFrom('upload').select('id').where('sha256', '=', sha256).executeTakeFirst()
      if (known !== undefined) continue
      await carryUpload(previous, restored, upload)
      loaded++
    }
    if (page.length < PAGE_UPLOADS) break
  }
  if (loaded > 0) await restored.updateTable('identity').set({ may_differ: 1 }).execute()
  return loaded
}

type Upload = LedgerTables['upload']

async function carryUpload(
  previous: LedgerDatabase,
  restored: LedgerDatabase,
  upload: Selectable<Upload>,
): Promise<void> {
  const insert = restored.insertInto('upload').values(upload)
  await insert.onConflict((conflict) => conflict.column('sha256').doNothing()).execute()
  const known = restored.selectFrom('upload').select('id').where('sha256', '=', upload.sha256)
  const { id } = await known.executeTakeFirstOrThrow()
  for (const delivery of await previous.selectFrom('delivery').selectAll().where('upload_id', '=', upload.id).execute())
    await restored
      .insertInto('delivery')
      .values({ ...delivery, upload_id: id })
      .onConflict((conflict) => conflict.columns(['upload_id', 'key_id']).doNothing())
      .execute()
}
