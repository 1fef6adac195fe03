/** Uploads that need a person. */
import type { UploadState } from '@splitcart/shared/receipt.ts'
import { DAY_MS } from '@splitcart/shared/time.ts'
import { momentOf } from '../http/threads/reading.ts'
import type { Condition } from '../ledger/conditions.ts'
import { DECISION_TEXT } from '../ledger/decided.ts'
import type { Upload } from '../ledger/uploads.ts'
import { type FoundCondition, type LookInput, shortName, shortSentence } from './look-parts.ts'

const NEWEST_MAX = 1_000
const VERIFIED_MAX = 500
const FAILED_MS = 7 * DAY_MS
const BACKLOG_MS = 30 * 60_000

/** Uploads that are held for a person's decision. */
export async function heldUploads(looked: LookInput): Promise<readonly FoundCondition[]> {
  const held = await uploadsIn('held', looked)
  return held.map(({ id, filename, problem, mark }) => {
    return { kind: 'held', subject: id, text: `${filename} is held: ${problem}`, ...mark }
  })
}

/** Uploads that failed to load, received in the last seven days. */
export async function failedUploads(looked: LookInput): Promise<readonly FoundCondition[]> {
  const since = momentOf(looked.reading).now - FAILED_MS
  const failed = await uploadsIn('failed', looked, ({ received_at }) => received_at > since)
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
export async function dyingUploads({ reading }: LookInput): Promise<readonly Condition[]> {
  const open = await reading.inbox.ledger.uploads.list({ state: 'loading', limit: NEWEST_MAX })
  return open
    .filter(({ load_attempts }) => load_attempts > 1)
    .map(({ id, filename }) => {
      return { kind: 'dying', subject: id, text: `Loading ${shortName(filename)} ended the loader; it is begun again` }
    })
}

/** The condition that the oldest waiting upload has waited for half an hour. */
export async function backlogOld({ reading }: LookInput): Promise<readonly Condition[]> {
  const { files, since } = await reading.inbox.ledger.uploads.backlog()
  const { now, zone } = momentOf(reading)
  if (since === null || now - since < BACKLOG_MS) return []
  const from = zone.timeAt(since)
  return [{ kind: 'backlog', subject: '', text: `${waiting(files)} to be loaded, the oldest since ${from}` }]
}

/** How many uploads wait, with the verb. */
export function waiting(files: number): string {
  return files === 1 ? '1 upload waits' : `${files} uploads wait`
}

type Shown = Readonly<{ id: string; filename: string; problem: string; mark?: { mark: string } }>

/** The newest uploads in a state, and those ticked off or on record that are still in it. */
async function uploadsIn(
  state: UploadState,
  { reading, recorded, ticked }: LookInput,
  isMeant: (upload: Upload) => boolean = () => true,
): Promise<Shown[]> {
  const { uploads } = reading.inbox.ledger
  const newest = await uploads.list({ state, limit: NEWEST_MAX })
  const found = new Set(newest.map(({ id }) => id))
  const others = newest.length < NEWEST_MAX ? [] : [...ticked.union(recorded)].filter((id) => !found.has(id))
  // All that is ticked off is among these.
  const ids = others.slice(0, ticked.size + VERIFIED_MAX)
  const older = ids.length === 0 ? [] : await uploads.list({ state, ids, limit: ids.length })
  const unseen = others.slice(ids.length).map((id) => ({ id, filename: '', problem: '' }))
  return [...[...newest, ...older].filter(isMeant).map(shown), ...unseen]
}

function shown({ id, filename, load, settled_at }: Upload): Shown {
  const { problem = null } = load === null ? {} : (JSON.parse(load) as { problem?: string | null })
  const mark = { mark: String(settled_at) }
  return { id, filename: shortName(filename), problem: shortSentence(problem ?? 'no reason is on record'), mark }
}
