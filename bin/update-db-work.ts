/** Makes the working context of update-db from the settings. */
import { foldersOfKind } from '@splitcart/data-management/folders.ts'
import { Compaction } from '@splitcart/data-management/inbox/processed/compaction.ts'
import { type LoaderContext, loadedKinds } from '@splitcart/data-management/update-db/process.ts'
import { type Log, openLog } from '@splitcart/shared/log.ts'
import type { Settings } from '@splitcart/shared/settings.ts'
import { thresholdsOf } from '@splitcart/shared/truth/thresholds.ts'
import type { DataManagement } from './data-management.ts'
import type { Terminal } from './terminal.ts'
import { rowCountsText } from './upload-report.ts'

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
        `${state.padEnd(6)}  ${upload.filename}  ${rowCountsText(result)}${result.problem === null ? '' : ` ${result.problem}`}`,
      )
      terminal.record({ type: 'file', name: upload.filename, upload: upload.id, state, ...result })
    },
  }
}

// So long files are compacted before the loader scans its inboxes again.
const COMPACTION_MS = 500

/** The compaction of loaded files, which runs while the loader is idle. */
export function compactionFor(work: LoaderContext, { PROCESSED_FORM: form }: Settings): Compaction {
  const folders = loadedKinds(work).map((kind) => foldersOfKind(work.folders, kind).processed)
  return new Compaction({ ...work, folders, form })
}

/** Makes a check whether compaction may go on: for one file, then until an inbox changes or COMPACTION_MS are over. */
export async function makeIdleCheck({ disk }: LoaderContext, inboxes: readonly string[], signal: AbortSignal) {
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
