/** Which uploads loaders take out of the order in which they came, so that all senders have their turns. */
import type { LedgerDatabase } from './database.ts'
import type { Upload } from './uploads.ts'

/** The oldest upload of a sender. */
export type FirstOfSender = Readonly<{ keyId: string; id: string }>

/** Of each sender the oldest upload that nobody loads yet. */
export function firstsOfSenders(database: LedgerDatabase): Promise<FirstOfSender[]> {
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

/** Takes an upload that nobody loads yet: of several who want it one gets it. */
export function take(database: LedgerDatabase, id: string, at: number): Promise<Upload | undefined> {
  const set = { state: 'loading', loading_at: at } as const
  const update = database.updateTable('upload').set(set).where('id', '=', id)
  return update.where('state', '=', 'accepted').where('action', 'is', null).returningAll().executeTakeFirst()
}
