/** The rights of an upload: the union of those of all keys that delivered its bytes. */
import type { LedgerDatabase, LedgerTables } from './database.ts'
import { SETTINGS_KEY_ID } from './keys.ts'

/** The companies, and stores as company/store, whose rows may be written; null: all. */
export type Rights = readonly string[] | null

/**
 * The rights of all senders of an upload, and of `keyId`, which sends it now. A file without a sender was copied by a
 * person and may write everything.
 */
export async function rightsOfUpload(database: LedgerDatabase, uploadId: string, keyId?: string): Promise<Rights> {
  const delivery = database.selectFrom('delivery').select('key_id').where('upload_id', '=', uploadId)
  const senders = (await delivery.execute()).map(({ key_id }) => key_id)
  if (senders.length === 0) return null
  if (keyId !== undefined) senders.push(keyId)
  if (senders.includes(SETTINGS_KEY_ID)) return null
  // The rights of a key that is no longer on record are unknown: it may write nothing.
  const keys = await database.selectFrom('api_key').select('only_for').where('id', 'in', senders).execute()
  if (keys.some(({ only_for }) => only_for === null)) return null
  return [...new Set(keys.flatMap(({ only_for }) => only_for?.split('\n') ?? []))].sort()
}

type LoadedUpload = Pick<LedgerTables['upload'], 'id' | 'loaded_for' | 'load'>

/** Rights in the format of the column `loaded_for`. */
export function joinedRights(rights: Rights): string | null {
  return rights === null ? null : rights.join('\n')
}

/** Whether an upload was loaded with fewer rights than its senders, or `keyId`, have now: rows of it may be missing. */
export async function hasMoreRightsNow(
  database: LedgerDatabase,
  upload: LoadedUpload,
  keyId?: string,
): Promise<boolean> {
  const { loaded_for, load } = upload
  if (loaded_for === null) return false
  const rejected = load === null ? 1 : (JSON.parse(load) as { rejected: number }).rejected
  return rejected > 0 && isWider(await rightsOfUpload(database, upload.id, keyId), loaded_for.split('\n'))
}

function isWider(rights: Rights, than: readonly string[]): boolean {
  if (rights === null) return true
  const has = new Set(than)
  return rights.some((right) => !has.has(right) && !has.has(right.split('/', 1)[0] ?? ''))
}

/** Why a text is not a valid right (a company, or store as company/store); undefined if it is. */
export function faultOfRight(text: string): string | undefined {
  if (text.includes('*')) return 'names every company by itself; a key that is for none in particular may write all'
  if (text !== text.trim() || /\p{C}/u.test(text)) return 'has a space at an end, or a character that cannot be seen'
  if (text === '' || text.startsWith('/') || text.endsWith('/')) return 'is not a company, or a store as company/store'
  return undefined
}
