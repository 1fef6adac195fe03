/** The senders of uploads, with the names of their keys, for people. */
import type { LedgerDatabase } from './database.ts'
import { SETTINGS_PRINCIPAL } from './keys.ts'

/** The first sender of an upload, and how often all keys together sent it. */
export type UploadSender = Readonly<{ keyId: string; name: string; timesSent: number }>

/** The senders by upload id; none for a file copied into the inbox by hand. Pass at most a few hundred ids. */
export async function sendersOf(
  database: LedgerDatabase,
  uploadIds: readonly string[],
): Promise<Map<string, UploadSender>> {
  const senders = new Map<string, UploadSender>()
  if (uploadIds.length === 0) return senders
  const deliveries = await database
    .selectFrom('delivery')
    .leftJoin('api_key', 'api_key.id', 'delivery.key_id')
    .select(['upload_id', 'key_id', 'times', 'name'])
    .where('upload_id', 'in', uploadIds)
    .orderBy('first_at')
    .execute()
  for (const { upload_id, key_id, times, name } of deliveries) {
    const first = senders.get(upload_id)
    const nameNow = key_id === SETTINGS_PRINCIPAL.keyId ? SETTINGS_PRINCIPAL.name : (name ?? key_id)
    const { keyId, name: firstName } = first ?? { keyId: key_id, name: nameNow }
    senders.set(upload_id, { keyId, name: firstName, timesSent: (first?.timesSent ?? 0) + times })
  }
  return senders
}
