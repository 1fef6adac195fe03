/**
 * The latest changes of uploads, in their order, whichever process made them: each is noted in the transaction that makes it
 * (migrations/sqlite/002-page.sql). Looking costs next to nothing as long as nobody has written.
 */

/** The last change of an upload within a range of changes. */
export type Change = Readonly<{ number: number; uploadId: string }>

/** A reader of the changes that all processes commit. */
export type Changes = AsyncDisposable &
  Readonly<{
    /** Whether the ledger was written since the previous call. */
    hasChanged: () => Promise<boolean>
    /** The number of the latest change; 0 before the first. */
    latest: () => Promise<number>
    /** Uploads that changed in (after, until], each with its last change there, in that order; undefined if pruned. */
    between: (after: number, until: number) => Promise<Change[] | undefined>
  }>

export const LATEST = 'select coalesce(max(id), 0) as id from upload_change'
export const BETWEEN = 'select id, upload_id from upload_change where id > ? and id <= ? order by id'

/** The last change of each upload in records of changes; undefined if there are fewer than `count`. */
export function changesOf(found: readonly { [column: string]: unknown }[], count: number): Change[] | undefined {
  // Change numbers have no gaps: missing ones have been pruned.
  if (found.length !== count) return undefined
  const last = new Map<string, number>()
  for (const { id, upload_id } of found) {
    last.delete(String(upload_id))
    last.set(String(upload_id), Number(id))
  }
  return Array.from(last, ([uploadId, number]) => ({ number, uploadId }))
}
