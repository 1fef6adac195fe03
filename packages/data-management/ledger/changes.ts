/**
 * The latest changes of uploads, in their order, whichever process made them: each is noted in the transaction that makes it
 * (migrations/sqlite/002-page.sql). Looking costs next to nothing as long as nobody has written.
 */

/** The last change of an upload among some. */
export type Change = Readonly<{ number: number; uploadId: string }>

/** A look at the changes, which sees what all others commit. */
export type Changes = AsyncDisposable &
  Readonly<{
    /** Whether anything was written since this was asked last. */
    hasChanged: () => Promise<boolean>
    /** The number of the latest change; 0 before the first. */
    latest: () => Promise<number>
    /** The uploads that changed after one change and not after another, each with its last change, in that order. Undefined: not known any more. */
    between: (after: number, until: number) => Promise<Change[] | undefined>
  }>

export const LATEST = 'select coalesce(max(id), 0) as id from upload_change'
export const BETWEEN = 'select id, upload_id from upload_change where id > ? and id <= ? order by id'

/** What lies between two changes, of the records that were found there. */
export function changesOf(found: readonly { [column: string]: unknown }[], count: number): Change[] | undefined {
  // Numbers have no gaps: what is missing has been forgotten.
  if (found.length !== count) return undefined
  const last = new Map<string, number>()
  for (const { id, upload_id } of found) {
    last.delete(String(upload_id))
    last.set(String(upload_id), Number(id))
  }
  return Array.from(last, ([uploadId, number]) => ({ number, uploadId }))
}
