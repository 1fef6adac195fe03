/** A person's request for an action on an upload, and the columns that record it. */
import type { Repair } from '@splitcart/shared/truth/finding.ts'
import type { UploadAction } from './database.ts'

/**
 * A requested action, with its author and reason. `isLimited`: a load keeps to the rights of the senders. `repair`:
 * applied when the file is read from now on; null: none; omitted: unchanged.
 */
export type ActionRequest = Readonly<{
  action: UploadAction
  by: string
  reason: string
  isLimited?: boolean
  repair?: Repair | null
}>

/** The columns of an upload that hold the request. */
export function actionColumns({ action, by, reason, isLimited = false, repair }: ActionRequest) {
  const repairColumn = repair === undefined ? {} : { repair: repair === null ? null : JSON.stringify({ repair, by }) }
  return {
    action,
    action_by: by,
    action_reason: reason,
    action_limited: isLimited ? 1 : 0,
    load_attempts: 0,
    ...repairColumn,
  }
}
