/** What an upload may write: what any key that delivered its bytes may. */
import type { LedgerDatabase, LedgerTables } from './database.ts'
import { SETTINGS_KEY_ID } from './keys.ts'

/** Companies, and stores as company/store; null: everything. */
export type Rights = readonly string[] | null

/**
 * What all senders of an upload together may write, and one more that sends it now. A file that nobody sent was copied by a person, who
 * may write everything.
 */
export async function rightsOver(database: LedgerDatabase, uploadId: string, keyId?: string): Promise<Rights> {
  const delivery = database.selectFrom('delivery').select('key_id').where('upload_id', '=', uploadId)
  const senders = (await delivery.execute()).map(({ key_id }) => key_id)
  if (senders.length === 0) return null
  if (keyId !== undefined) senders.push(keyId)
  if (senders.includes(SETTINGS_KEY_ID)) return null
  // Of a key that is on no record any more nobody knows what it might write: nothing.
  const keys = await database.selectFrom('api_key').select('only_for').where('id', 'in', senders).execute()
  if (keys.some(({ only_for }) => only_for === null)) return null
  return [...new Set(keys.flatMap(({ only_for }) => only_for?.split('\n') ?? []))].sort()
}

type Loaded = Pick<LedgerTables['upload'], 'id' | 'loaded_for' | 'load'>

/** Rights as the record of an upload has them. */
export function rightsText(rights: Rights): string | null {
  return rights === null ? null : rights.join('\n')
}

/** Whether an upload was loaded with less than its senders, or one more, may write by now, so that rows of it may be missing. */
export async function mayHaveMore(database: LedgerDatabase, upload: Loaded, keyId?: string): Promise<boolean> {
  const { loaded_for, load } = upload
  if (loaded_for === null) return false
  const rejected = load === null ? 1 : (JSON.parse(load) as { rejected: number }).rejected
  return rejected > 0 && isWider(await rightsOver(database, upload.id, keyId), loaded_for.split('\n'))
}

function isWider(rights: Rights, than: readonly string[]): boolean {
  if (rights === null) return true
  const has = new Set(than)
  return rights.some((right) => !has.has(right) && !has.has(right.split('/', 1)[0] ?? ''))
}

/** Why a text is no company, or store as company/store, that a key can be for; undefined for a good one. */
export function faultOfRight(text: string): string | undefined {
  if (text.includes('*')) return 'names every company by itself; a key that is for none in particular may write all'
  if (text !== text.trim() || /\p{C}/u.test(text)) return 'has a space at an end, or a character that cannot be seen'
  if (text === '' || text.startsWith('/') || text.endsWith('/')) return 'is not a company, or a store as company/store'
  return undefined
}
