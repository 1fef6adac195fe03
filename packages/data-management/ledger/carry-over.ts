/**
 * Carries newer facts into a restored backup of a ledger, which must not undo them: keys and sessions that have ended
 * since, the senders of what waits in the inbox, and what was loaded since.
 */
import type { Selectable } from 'kysely'
import type { LedgerDatabase, LedgerTables } from './database.ts'

const PAGE_UPLOADS = 500

/** How many keys were ended again, waiting uploads got their senders, and loaded uploads were recorded. */
export type CarriedOver = Readonly<{ ended: number; waiting: number; loaded: number }>

/** Copies these facts from the previous ledger into the one that is being restored. */
export function carryOver(before: LedgerDatabase, restored: LedgerDatabase): Promise<CarriedOver> {
  return restored.transaction().execute(async (transaction) => ({
    ended: await carryEndings(before, transaction),
    waiting: await carryWaiting(before, transaction),
    loaded: await carryLoaded(before, transaction),
  }))
}

/** The keys that work in a restored ledger but not in the previous one; `before` undefined: it cannot be read. */
export async function keysThatComeBack(
  before: LedgerDatabase | undefined,
  restored: LedgerDatabase,
  now: number,
): Promise<{ id: string; name: string }[]> {
  const known = new Set((await before?.selectFrom('api_key').select('id').execute())?.map(({ id }) => id))
  const keys = await restored.selectFrom('api_key').select(['id', 'name', 'revoked_at', 'expires_at']).execute()
  return keys
    .filter(({ revoked_at, expires_at }) => revoked_at === null && (expires_at ?? now + 1) > now)
    .filter(({ id }) => !known.has(id))
    .map(({ id, name }) => ({ id, name }))
}

async function carryEndings(before: LedgerDatabase, restored: LedgerDatabase): Promise<number> {
  let ended = 0
  for (const key of await before.selectFrom('api_key').selectAll().execute()) {
    const { id, revoked_at, expires_at, rotated_to } = key
    const now = await restored.selectFrom('api_key').selectAll().where('id', '=', id).executeTakeFirst()
    if (now === undefined || (now.revoked_at === revoked_at && now.expires_at === expires_at)) continue
    await restored.updateTable('api_key').set({ revoked_at, expires_at, rotated_to }).where('id', '=', id).execute()
    ended++
  }
  return ended
}

async function carryWaiting(before: LedgerDatabase, restored: LedgerDatabase): Promise<number> {
  for (const arriving of await before.selectFrom('arriving').selectAll().execute())
    await restored
      .insertInto('arriving')
      .values(arriving)
      .onConflict((conflict) => conflict.column('id').doNothing())
      .execute()
  const waiting = await before.selectFrom('upload').selectAll().where('state', 'in', ['accepted', 'loading']).execute()
  for (const upload of waiting) await carryUpload(before, restored, upload)
  return waiting.length
}

/** The backup's catalogue lacks these uploads: all are loaded again from their files (update-db/repair.ts). */
async function carryLoaded(before: LedgerDatabase, restored: LedgerDatabase): Promise<number> {
  let loaded = 0
  for (let behind = ''; ; ) {
    const page = await before
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
      await carryUpload(before, restored, upload)
      loaded++
    }
    if (page.length < PAGE_UPLOADS) break
  }
  if (loaded > 0) await restored.updateTable('identity').set({ may_differ: 1 }).execute()
  return loaded
}

type Upload = LedgerTables['upload']

async function carryUpload(
  before: LedgerDatabase,
  restored: LedgerDatabase,
  upload: Selectable<Upload>,
): Promise<void> {
  const insert = restored.insertInto('upload').values(upload)
  await insert.onConflict((conflict) => conflict.column('sha256').doNothing()).execute()
  const known = restored.selectFrom('upload').select('id').where('sha256', '=', upload.sha256)
  const { id } = await known.executeTakeFirstOrThrow()
  for (const delivery of await before.selectFrom('delivery').selectAll().where('upload_id', '=', upload.id).execute())
    await restored
      .insertInto('delivery')
      .values({ ...delivery, upload_id: id })
      .onConflict((conflict) => conflict.columns(['upload_id', 'key_id']).doNothing())
      .execute()
}
