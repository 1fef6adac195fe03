/** What a person asks to be done with an upload, and how it is recorded with it. */
import type { Repair } from '@splitcart/shared/truth/verdict.ts'
import type { UploadAction } from './database.ts'

/**
 * What a person wants done with an upload, and why. `isLimited`: a load, but not beyond the rights of its senders. `repair`: with which it is
 * read from now on; null: with none; not given: as before.
 */
export type ActionRequest = Readonly<{
  action: UploadAction
  by: string
  reason: string
  isLimited?: boolean
  repair?: Repair | null
}>

/** The columns of an upload that say so. */
export function columnsOf({ action, by, reason, isLimited = false, repair }: ActionRequest) {
  const kept = repair === undefined ? {} : { repair: repair === null ? null : JSON.stringify({ repair, by }) }
  return { action, action_by: by, action_reason: reason, action_limited: isLimited ? 1 : 0, load_attempts: 0, ...kept }
}
