/**
 * What people want done with uploads that have been dealt with: release a held one, take a load out again, load it once more, set it
 * aside for good. A requested action stands in the ledger until it is carried out, so only update-db ever writes to the
 * catalogue.
 *
 * Each action can be carried out a second time without harm: a crash in the middle is mended by the next pass.
 */
import type { LoadRecord } from '../catalogue/loads.ts'
import { foldersOfKind } from '../folders.ts'
import { inboxOf } from '../inbox/folder/folder-inbox.ts'
import { moveSettled } from '../inbox/move-settled.ts'
import type { Stored } from '../inbox/stored.ts'
import { receiptOf } from '../ledger/receipt-of.ts'
import type { Upload } from '../ledger/uploads.ts'
import { loadUpload } from './load-upload.ts'
import { reportLoad, settle, type UpdateDb } from './process.ts'
import { deadlyReason, setAside } from './set-aside.ts'

/** Runs the requested actions, oldest upload first. One that cannot be run is dropped; log and audit say why. */
export async function runActions(work: UpdateDb, signal: AbortSignal): Promise<void> {
  for (const upload of await work.ledger.uploads.withAction()) {
    if (signal.aborted) return
    const outcome = await runOne(work, upload).catch((error: unknown) => {
      work.log.error({ err: error, upload: upload.id, action: upload.action }, 'action could not be carried out')
      return error instanceof Error ? error.message : String(error)
    })
    await work.ledger.audit({
      at: work.now(),
      who: upload.action_by ?? '',
      what: typeof outcome === 'string' ? `${upload.action} failed` : (upload.action ?? ''),
      about: upload.id,
      detail: typeof outcome === 'string' ? outcome : (upload.action_reason ?? ''),
    })
    await work.ledger.uploads.clearAction(upload.id)
  }
}

/** Runs one action; returns a sentence that says why nothing was done, or undefined if it was. */
async function runOne(work: UpdateDb, upload: Upload): Promise<string | undefined> {
  if (upload.action === 'discard' && (await work.catalogue.findLoad(upload.sha256)) === undefined)
    return discardUnloaded(work, upload)
  await using opened = await inboxOf(work).open(upload)
  const stored = opened?.stored
  const load = upload.action === 'load' ? await loadAgain(work, upload, stored) : await changeState(work, upload)
  if (typeof load === 'string') return load
  if (upload.action === 'undo') await work.ledger.uploads.endRepair(upload.id)
  if (upload.action !== 'load') await work.ledger.uploads.decide(upload.id)
  await settle(work, upload, load)
  const folders = foldersOfKind(work.folders, upload.kind)
  if (stored !== undefined) await moveSettled({ ...work, folders }, stored, load.state)
  reportLoad(work, upload, load)
  return undefined
}

/** Discards an upload that no loader could finish: it has no load, only the ledger has it as held. */
async function discardUnloaded(work: UpdateDb, upload: Upload): Promise<string | undefined> {
  const { load: result } = receiptOf(upload, false)
  if (result === null) return 'It has not been dealt with.'
  const problem = settledText(upload, 'Discarded')
  const finished_at = new Date(work.now()).toISOString()
  await work.ledger.uploads.decide(upload.id)
  await work.ledger.uploads.settle(upload.id, 'failed', { ...result, problem, finished_at }, work.now())
  return undefined
}

async function loadAgain(work: UpdateDb, upload: Upload, stored: Stored | undefined) {
  if (stored === undefined) return 'Its file is no longer here: it was pruned or removed.'
  const deadly = deadlyReason(upload)
  if (deadly !== undefined) {
    await setAside(work, upload, deadly)
    return deadly
  }
  const hold = work.hold && { ...work.hold, isReleased: true }
  return loadUpload(work, upload, stored, { hold, isUnlimited: upload.action_limited === 0 })
}

async function changeState(work: UpdateDb, upload: Upload): Promise<LoadRecord | string> {
  const { action, sha256 } = upload
  const changed =
    action === 'undo'
      ? await work.catalogue.undo(sha256, settledText(upload, 'Taken out of the catalogue'), work.now())
      : await work.catalogue.discard(sha256, settledText(upload, 'Discarded'), work.now())
  // Not in the state it should be changed from: then it was changed before a crash, and the ledger may not know yet.
  return changed ?? (await work.catalogue.findLoad(sha256)) ?? 'It has not been loaded.'
}

function settledText({ action_by, action_reason }: Upload, what: string): string {
  return `${what} by ${action_by}: ${action_reason}`
}
