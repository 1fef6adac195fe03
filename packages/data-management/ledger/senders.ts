/** Who sent some uploads, and how often; with the names of the keys, for people. */
import type { LedgerDatabase } from './database.ts'
import { SETTINGS_PRINCIPAL } from './keys.ts'

/** Who sent an upload first, and how often it was sent by all. */
export type UploadSender = Readonly<{ keyId: string; name: string; timesSent: number }>

/** The senders of uploads, by the uploads' ids; none for a file that was copied into the inbox by hand. At most some hundreds at once. */
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
