/** Lets loaders take uploads round-robin by sender instead of in the order of arrival. */
import type { LedgerDatabase } from './database.ts'
import type { Upload } from './uploads.ts'

/** The oldest upload of a sender. */
export type OldestOfSender = Readonly<{ keyId: string; id: string }>

/** The oldest accepted upload of each sender that has no requested action. */
export function oldestOfEachSender(database: LedgerDatabase): Promise<OldestOfSender[]> {
  return database
    .selectFrom('upload')
    .innerJoin('delivery', 'delivery.upload_id', 'upload.id')
    .select(({ fn }) => ['key_id as keyId', fn.min<string>('upload.id').as('id')])
    .where('state', '=', 'accepted')
    .where('action', 'is', null)
    .groupBy('key_id')
    .orderBy('id')
    .execute()
}

/** Marks an accepted upload as loading; of several loaders that try, one gets it, the others undefined. */
export function claimForLoading(database: LedgerDatabase, id: string, at: number): Promise<Upload | undefined> {
  const set = { state: 'loading', loading_at: at } as const
  const update = database.updateTable('upload').set(set).where('id', '=', id)
  return update.where('state', '=', 'accepted').where('action', 'is', null).returningAll().executeTakeFirst()
}
