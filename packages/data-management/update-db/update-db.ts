/** `update-db --products`: brings every file of the inboxes into the catalogue, oldest first, and by turns of those who sent them. */
import type { Catalogue } from '../catalogue/catalogue.ts'
import { type Pass, processAll, type UpdateDb } from './process.ts'

/** What only one loader with the same ledger does at a time: another one would take what lies here for lost. */
export const LOADING_FROM_A_FOLDER = 'loading from a folder'

/** Deals with every file that is in the inboxes now. Stops between two files when the signal aborts. */
export async function updateDb(work: UpdateDb, signal: AbortSignal): Promise<Pass> {
  await bringUpToDate(work)
  await work.ledger.checkWritable()
  await work.ledger.uploads.endAttempts()
  return processAll(work, signal)
}

const applied = new WeakMap<Catalogue, string>()

/** Finishes what an earlier program left to do, and brings what people have said into the catalogue, where that is something else than before. */
export async function bringUpToDate({ ledger, catalogue }: Pick<UpdateDb, 'ledger' | 'catalogue'>): Promise<void> {
  await catalogue.settle()
  const version = `${await ledger.verdicts.version()} ${await ledger.storeMerges.version()}`
  if (applied.get(catalogue) === version) return
  await catalogue.mergeStores(await ledger.storeMerges.current())
  const current = await ledger.verdicts.current()
  await catalogue.judge(current.map(({ one, other, verdict }) => ({ one, other, isSame: verdict === 'same' })))
  applied.set(catalogue, version)
}
