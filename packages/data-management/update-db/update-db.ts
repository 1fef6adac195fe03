/** `update-db`: loads every file of the inboxes into the catalogue, oldest first, round-robin by sender. */
import type { Catalogue } from '../catalogue/catalogue.ts'
import { type LoaderContext, type PassCounts, processAll } from './process.ts'

/** The lock of a ledger's only loader: a second one, with another folder, would report the first one's files lost. */
export const FOLDER_LOADER_LOCK = 'loading from a folder'

/**
 * One pass of the loader: applies people's decisions, then processes every file that is in the inboxes now. Stops between
 * two files when the signal aborts.
 */
export async function runLoaderPass(work: LoaderContext, signal: AbortSignal): Promise<PassCounts> {
  await applyDecisions(work)
  await work.ledger.checkWritable()
  await work.ledger.uploads.writePendingResets()
  return processAll(work, signal)
}

// The versions of verdicts and store merges that were last applied to a catalogue.
const appliedVersions = new WeakMap<Catalogue, string>()

/** Finds the products of listings that still wait for it, and applies changed verdicts and store merges of people. */
export async function applyDecisions({
  ledger,
  catalogue,
}: Pick<LoaderContext, 'ledger' | 'catalogue'>): Promise<void> {
  await catalogue.finishPendingWork()
  const version = `${await ledger.verdicts.version()} ${await ledger.storeMerges.version()}`
  if (appliedVersions.get(catalogue) === version) return
  await catalogue.mergeStores(await ledger.storeMerges.current())
  const current = await ledger.verdicts.current()
  await catalogue.replaceVerdicts(
    current.map(({ one, other, verdict }) => ({ one, other, isSame: verdict === 'same' })),
  )
  appliedVersions.set(catalogue, version)
}
