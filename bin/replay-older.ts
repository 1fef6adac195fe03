/**
 * Makes the loads once more of which an older version has read the rows, the oldest first. Each is wanted as `loads replay` wants one, and whatever was
 * done stays done: begun again it goes on with the others, and when all are done there is nothing to do.
 */
import { isOlderLoad, type OlderLoad, olderLoads } from '@splitcart/data-management/catalogue/older-loads.ts'
import { inboxOf } from '@splitcart/data-management/inbox/folder/folder-inbox.ts'
import type { Upload } from '@splitcart/data-management/ledger/uploads.ts'
import type { Settings } from '@splitcart/shared/settings.ts'
import type { DataManagement } from './data-management.ts'
import { operatorName } from './operator.ts'
import { ActionRunner } from './run-action.ts'
import type { Terminal } from './terminal.ts'

/** In uploads. `notKept`: their files are gone; `failed`: their names, what went wrong stands in the audit; `isCut`: some were not looked at. */
export type Replayed = { done: number; notKept: number; failed: string[]; isCut: boolean }

// What comes meanwhile is loaded between two portions.
const AT_ONCE = 10

export async function replayOlder(
  machine: DataManagement,
  settings: Settings,
  reason: string,
  terminal: Terminal,
): Promise<Replayed> {
  const replayed: Replayed = { done: 0, notKept: 0, failed: [], isCut: false }
  const { database } = machine.catalogue
  await using runner = await ActionRunner.begin(machine, settings, terminal)
  const inbox = inboxOf(runner.work)
  for (let behind = 0; ; ) {
    const loads = await olderLoads(database, behind, AT_ONCE)
    if (loads.length === 0) return replayed
    behind = loads.at(-1)!.id
    const uploads = await uploadsOf(machine, loads)
    replayed.notKept += loads.length - uploads.length
    const wanted: Upload[] = []
    for (const upload of uploads) if (await inbox.has(upload)) wanted.push(upload)
    replayed.notKept += uploads.length - wanted.length
    for (const upload of wanted) await want(machine, upload, { loads, reason })
    await runner.of(
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

/** The oldest first. */
async function uploadsOf({ ledger }: DataManagement, loads: readonly OlderLoad[]): Promise<Upload[]> {
  const ids = await ledger.uploads.idsOf(loads.map(({ sha256 }) => sha256))
  const uploads = await ledger.uploads.findAll([...ids.values()])
  return uploads.sort((one, other) => (one.id < other.id ? -1 : 1))
}

/** What was loaded with all its rows is loaded so again; what its senders might not write stays out. */
async function want(
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
