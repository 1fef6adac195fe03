/** Finds uploads that need a person. */
import type { UploadState } from '@splitcart/shared/receipt.ts'
import { DAY_MS } from '@splitcart/shared/time.ts'
import { freshnessContext } from '../http/threads/query-context.ts'
import type { Condition } from '../ledger/conditions.ts'
import { DECISION_TEXT } from '../ledger/decided.ts'
import type { Upload } from '../ledger/uploads.ts'
import { type ConditionInput, type FoundCondition, shortName, shortSentence } from './condition-input.ts'

const NEWEST_MAX = 1_000
const VERIFIED_MAX = 500
const FAILED_MS = 7 * DAY_MS
const BACKLOG_MS = 30 * 60_000

/** Uploads that are held for a person's decision. */
export async function heldUploads(input: ConditionInput): Promise<readonly FoundCondition[]> {
  const held = await uploadsInState('held', input)
  return held.map(({ id, filename, problem, mark }) => {
    return { kind: 'held', subject: id, text: `${filename} is held: ${problem}`, ...mark }
  })
}

/** Uploads that failed to load, received in the last seven days. */
export async function failedUploads(input: ConditionInput): Promise<readonly FoundCondition[]> {
  const since = freshnessContext(input.context).now - FAILED_MS
  const failed = await uploadsInState('failed', input, ({ received_at }) => received_at > since)
  return (
    failed
      // Uploads that a person discarded or undid need no attention.
      .filter(({ problem }) => !DECISION_TEXT.test(problem))
      .map(({ id, filename, problem, mark }) => {
        return { kind: 'failed', subject: id, text: `${filename} could not be loaded: ${problem}`, ...mark }
      })
  )
}

/** Uploads whose load killed a loader and is being tried again. */
export async function crashingUploads({ context }: ConditionInput): Promise<readonly Condition[]> {
  const open = await context.inbox.ledger.uploads.list({ state: 'loading', limit: NEWEST_MAX })
  return open
    .filter(({ load_attempts }) => load_attempts > 1)
    .map(({ id, filename }) => {
      return { kind: 'dying', subject: id, text: `Loading ${shortName(filename)} ended the loader; it is begun again` }
    })
}

/** One condition if the oldest waiting upload has waited for half an hour or longer. */
export async function oldBacklog({ context }: ConditionInput): Promise<readonly Condition[]> {
  const { files, since } = await context.inbox.ledger.uploads.backlog()
  const { now, zone } = freshnessContext(context)
  if (since === null || now - since < BACKLOG_MS) return []
  const from = zone.timeAt(since)
  return [{ kind: 'backlog', subject: '', text: `${waitingUploadsText(files)} to be loaded, the oldest since ${from}` }]
}

/** The beginning of a sentence, such as "3 uploads wait". */
export function waitingUploadsText(files: number): string {
  return files === 1 ? '1 upload waits' : `${files} uploads wait`
}

type UploadSummary = Readonly<{ id: string; filename: string; problem: string; mark?: { mark: string } }>

/** The newest uploads in a state, and older ones in this state that are ticked off or on record. */
async function uploadsInState(
  state: UploadState,
  { context, recorded, ticked }: ConditionInput,
  isWanted: (upload: Upload) => boolean = () => true,
): Promise<UploadSummary[]> {
  const { uploads } = context.inbox.ledger
  const newest = await uploads.list({ state, limit: NEWEST_MAX })
  const found = new Set(newest.map(({ id }) => id))
  const others = newest.length < NEWEST_MAX ? [] : [...ticked.union(recorded)].filter((id) => !found.has(id))
  // These include all that are ticked off. The state of the rest is not verified: their conditions stay.
  const ids = others.slice(0, ticked.size + VERIFIED_MAX)
  const older = ids.length === 0 ? [] : await uploads.list({ state, ids, limit: ids.length })
  const unverified = others.slice(ids.length).map((id) => ({ id, filename: '', problem: '' }))
  return [...[...newest, ...older].filter(isWanted).map(uploadSummary), ...unverified]
}

function uploadSummary({ id, filename, load, settled_at }: Upload): UploadSummary {
  const { problem = null } = load === null ? {} : (JSON.parse(load) as { problem?: string | null })
  const mark = { mark: String(settled_at) }
  return { id, filename: shortName(filename), problem: shortSentence(problem ?? 'no reason is on record'), mark }
}
