/** `update-db --products`: loads every file of the inboxes into the catalogue, oldest first, round-robin by sender. */
import type { Catalogue } from '../catalogue/catalogue.ts'
import { type Pass, processAll, type UpdateDb } from './process.ts'

/** The lock that one loader per ledger holds: a second one would take the files in the first one's folder for lost. */
export const LOADING_FROM_A_FOLDER = 'loading from a folder'

/** Processes every file that is in the inboxes now. Stops between two files when the signal aborts. */
export async function updateDb(work: UpdateDb, signal: AbortSignal): Promise<Pass> {
  await bringUpToDate(work)
  await work.ledger.checkWritable()
  await work.ledger.uploads.endAttempts()
  return processAll(work, signal)
}

const applied = new WeakMap<Catalogue, string>()

/** Finishes what an earlier run left undone, and applies changed verdicts and merges of people to the catalogue. */
export async function bringUpToDate({ ledger, catalogue }: Pick<UpdateDb, 'ledger' | 'catalogue'>): Promise<void> {
  await catalogue.settle()
  const version = `${await ledger.verdicts.version()} ${await ledger.storeMerges.version()}`
  if (applied.get(catalogue) === version) return
  await catalogue.mergeStores(await ledger.storeMerges.current())
  const current = await ledger.verdicts.current()
  await catalogue.judge(current.map(({ one, other, verdict }) => ({ one, other, isSame: verdict === 'same' })))
  applied.set(catalogue, version)
}
