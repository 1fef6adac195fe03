/**
 * Replays the loads whose rows were read by an older version, oldest first. Each is requested as by `loads replay`. It
 * is resumable: a later run continues with the rest, and does nothing once all are done.
 */
import { isOlderLoad, type OlderLoad, olderLoads } from '@splitcart/data-management/catalogue/older-loads.ts'
import { inboxOf } from '@splitcart/data-management/inbox/folder/folder-inbox.ts'
import type { Upload } from '@splitcart/data-management/ledger/uploads.ts'
import type { Settings } from '@splitcart/shared/settings.ts'
import type { DataManagement } from './data-management.ts'
import { operatorName } from './operator.ts'
import { ActionRunner } from './run-action.ts'
import type { Terminal } from './terminal.ts'

/** Numbers of uploads. `notKept`: the file is gone; `failed`: file names; `isCut`: interrupted before the end. */
export type ReplaySummary = { done: number; notKept: number; failed: string[]; isCut: boolean }

// Batch size; new uploads are loaded between two batches.
const BATCH_SIZE = 10

/** Replays all loads of older versions whose files are kept. */
export async function replayOlder(
  machine: DataManagement,
  settings: Settings,
  reason: string,
  terminal: Terminal,
): Promise<ReplaySummary> {
  const replayed: ReplaySummary = { done: 0, notKept: 0, failed: [], isCut: false }
  const { database } = machine.catalogue
  await using runner = await ActionRunner.begin(machine, settings, terminal)
  const inbox = inboxOf(runner.work)
  for (let behind = 0; ; ) {
    const loads = await olderLoads(database, behind, BATCH_SIZE)
    if (loads.length === 0) return replayed
    behind = loads.at(-1)!.id
    const uploads = await findUploads(machine, loads)
    replayed.notKept += loads.length - uploads.length
    const wanted: Upload[] = []
    for (const upload of uploads) if (await inbox.has(upload)) wanted.push(upload)
    replayed.notKept += uploads.length - wanted.length
    for (const upload of wanted) await requestReplay(machine, upload, { loads, reason })
    await runner.waitUntilDone(
      wanted.map(({ id }) => id),
      terminal,
    )
    replayed.isCut = runner.signal.aborted
    for (const upload of wanted)
      if (!(await isOlderLoad(database, upload.sha256))) replayed.done++
      else if (replayed.isCut) break
      else if (await isKept(inbox, upload)) replayed.failed.push(upload.filename)
      else replayed.notKept++
    if (replayed.isCut) return replayed
  }
}

/** The uploads of these loads that are on record, oldest first. */
async function findUploads({ ledger }: DataManagement, loads: readonly OlderLoad[]): Promise<Upload[]> {
  const ids = await ledger.uploads.idsOf(loads.map(({ sha256 }) => sha256))
  const uploads = await ledger.uploads.findAll([...ids.values()])
  return uploads.sort((one, other) => (one.id < other.id ? -1 : 1))
}

/** Requests a replay. If the load was limited to the rights of its senders, the replay is too; else all rows load. */
async function requestReplay(
  { ledger }: DataManagement,
  { id, sha256, loaded_for }: Upload,
  { loads, reason }: Readonly<{ loads: readonly OlderLoad[]; reason: string }>,
): Promise<void> {
  const wasLimited = loads.some((load) => load.sha256 === sha256 && load.wasLimited)
  const isLimited = wasLimited || loaded_for !== null
  await ledger.uploads.requestActionFrom(id, ['loaded'], { action: 'load', by: operatorName(), reason, isLimited })
}

async function isKept(inbox: ReturnType<typeof inboxOf>, upload: Upload): Promise<boolean> {
  await using opened = await inbox.open(upload)
  return opened !== undefined
}
