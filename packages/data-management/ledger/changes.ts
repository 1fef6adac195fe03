/**
 * Reads the latest changes of uploads, in order, whichever process made them: triggers record each of them in its own
 * transaction (migrations/sqlite/002-page.sql). Polling costs next to nothing while nobody writes.
 */

/** The last change of an upload within a range of changes. */
export type UploadChange = Readonly<{ number: number; uploadId: string }>

/** A reader of the changes that all processes commit. */
export type UploadChangeReader = AsyncDisposable &
  Readonly<{
    /** Whether the ledger was written since the previous call. */
    hasChanged: () => Promise<boolean>
    /** The number of the latest change; 0 before the first. */
    latest: () => Promise<number>
    /** Uploads that changed in (after, until], each with its last change there, in that order; undefined if pruned. */
    between: (after: number, until: number) => Promise<UploadChange[] | undefined>
  }>

export const LATEST_CHANGE_SQL = 'select coalesce(max(id), 0) as id from upload_change'
export const CHANGES_BETWEEN_SQL = 'select id, upload_id from upload_change where id > ? and id <= ? order by id'

/** The last change of each upload in records of changes; undefined if there are fewer than `count`. */
export function lastChanges(
  found: readonly { [column: string]: unknown }[],
  count: number,
): UploadChange[] | undefined {
  // Change numbers have no gaps: missing ones have been pruned.
  if (found.length !== count) return undefined
  const last = new Map<string, number>()
  for (const { id, upload_id } of found) {
    last.delete(String(upload_id))
    last.set(String(upload_id), Number(id))
  }
  return Array.from(last, ([uploadId, number]) => ({ number, uploadId }))
}
