/** What update-db works with, made from the settings, and how it tells what it did. */
import type { UpdateDb } from '@splitcart/data-management/update-db/process.ts'
import { type Log, openLog } from '@splitcart/shared/log.ts'
import type { Settings } from '@splitcart/shared/settings.ts'
import { thresholdsOf } from '@splitcart/shared/truth/thresholds.ts'
import type { DataManagement } from './data-management.ts'
import type { Terminal } from './terminal.ts'
import { countsOf } from './upload-report.ts'

/** The work of one process. With `force` nothing is held. */
export function workOf(
  machine: DataManagement,
  settings: Settings,
  terminal: Terminal,
  options: Readonly<{ force?: boolean; log?: Log }>,
): UpdateDb {
  const { disk, folders, ledger, catalogue } = machine
  return {
    disk,
    folders,
    ledger,
    catalogue,
    lineBytesMax: settings.LINE_BYTES_MAX,
    hold: { thresholds: thresholdsOf(settings), isReleased: options.force === true },
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
