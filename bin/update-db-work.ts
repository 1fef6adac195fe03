/** Makes the working context of update-db from the settings, and its reports. */
import { foldersOfKind } from '@splitcart/data-management/folders.ts'
import { Compaction } from '@splitcart/data-management/inbox/processed/compaction.ts'
import { type LoaderContext, loadedKinds } from '@splitcart/data-management/update-db/process.ts'
import { type Log, openLog } from '@splitcart/shared/log.ts'
import type { Settings } from '@splitcart/shared/settings.ts'
import { thresholdsOf } from '@splitcart/shared/truth/thresholds.ts'
import type { DataManagement } from './data-management.ts'
import type { Terminal } from './terminal.ts'
import { countsOf } from './upload-report.ts'

/** The working context of one process. With `force` no upload is held. */
export function updateDbContext(
  machine: DataManagement,
  settings: Settings,
  terminal: Terminal,
  options: Readonly<{ force?: boolean; log?: Log }>,
): LoaderContext {
  const { disk, folders, ledger, catalogue } = machine
  return {
    disk,
    folders,
    ledger,
    catalogue,
    lineBytesMax: settings.LINE_BYTES_MAX,
    hold: { thresholds: thresholdsOf(settings), currency: settings.CURRENCY, isReleased: options.force === true },
    log: options.log ?? openLog('error'),
    now: Date.now,
    onFile: (upload, { state, result }) => {
      terminal.say(
        `${state.padEnd(6)}  ${upload.filename}  ${countsOf(result)}${result.problem === null ? '' : ` ${result.problem}`}`,
      )
      terminal.record({ type: 'file', name: upload.filename, upload: upload.id, state, ...result })
    },
  }
}

// Then it looks whether something has come, for a second where nothing has.
const COMPACTION_MS = 500

/** What is done later with the files that were loaded. */
export function compactionFor(work: LoaderContext, { PROCESSED_FORM: form }: Settings): Compaction {
  const folders = loadedKinds(work).map((kind) => foldersOfKind(work.folders, kind).processed)
  return new Compaction({ ...work, folders, form })
}

/** A check that is true once, then for COMPACTION_MS until an inbox changes: a load waits for one file at most. */
export async function whileIdle({ disk }: LoaderContext, inboxes: readonly string[], signal: AbortSignal) {
  const names = async () => (await Promise.all(inboxes.map((inbox) => disk.readdir(inbox)))).join('\n')
  const before = await names()
  const until = performance.now() + COMPACTION_MS
  let isFirst = true
  return async () => {
    const mayGoOn = isFirst || (performance.now() < until && (await names()) === before)
    isFirst = false
    return mayGoOn && !signal.aborted
  }
}
