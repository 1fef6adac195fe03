/**
 * Runs the actions that people request for uploads: release a held one, undo a load, load again, discard for good. A
 * request stays in the ledger until it has been carried out, so that only update-db writes to the catalogue.
 *
 * Actions are idempotent: after a crash the next pass runs them again.
 */
import type { LoadRecord } from '../catalogue/loads.ts'
import { foldersOfKind } from '../folders.ts'
import { inboxOf } from '../inbox/folder/folder-inbox.ts'
import { moveSettled } from '../inbox/move-settled.ts'
import type { StoredFile } from '../inbox/stored.ts'
import { receiptOf } from '../ledger/receipt-of.ts'
import type { Upload } from '../ledger/uploads.ts'
import { holdForPerson, tooManyDeathsReason } from './hold-for-person.ts'
import { loadUpload } from './load-upload.ts'
import { type LoaderContext, reportLoad, settle } from './process.ts'

/** Runs the requested actions, oldest upload first. One that cannot be run is dropped; log and audit say why. */
export async function runActions(work: LoaderContext, signal: AbortSignal): Promise<void> {
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
async function runOne(work: LoaderContext, upload: Upload): Promise<string | undefined> {
  if (upload.action === 'discard' && (await work.catalogue.findLoad(upload.sha256)) === undefined)
    return discardUnloaded(work, upload)
  await using opened = await inboxOf(work).open(upload)
  const stored = opened?.stored
  const load = upload.action === 'load' ? await loadAgain(work, upload, stored) : await changeState(work, upload)
  if (typeof load === 'string') return load
  if (upload.action === 'undo') await work.ledger.uploads.removeRepair(upload.id)
  if (upload.action !== 'load') await work.ledger.uploads.markDecided(upload.id)
  await settle(work, upload, load)
  const folders = foldersOfKind(work.folders, upload.kind)
  if (stored !== undefined) await moveSettled({ ...work, folders }, stored, load.state)
  reportLoad(work, upload, load)
  return undefined
}

/** Discards an upload that no loader could finish: it has no load, only the ledger has it as held. */
async function discardUnloaded(work: LoaderContext, upload: Upload): Promise<string | undefined> {
  const { load: result } = receiptOf(upload, false)
  if (result === null) return 'It has not been dealt with.'
  const problem = decisionText(upload, 'Discarded')
  const finished_at = new Date(work.now()).toISOString()
  await work.ledger.uploads.markDecided(upload.id)
  await work.ledger.uploads.settle(upload.id, 'failed', { ...result, problem, finished_at }, work.now())
  return undefined
}

async function loadAgain(work: LoaderContext, upload: Upload, stored: StoredFile | undefined) {
  if (stored === undefined) return 'Its file is no longer here: it was pruned or removed.'
  const deadly = tooManyDeathsReason(upload)
  if (deadly !== undefined) {
    await holdForPerson(work, upload, deadly)
    return deadly
  }
  const hold = work.hold && { ...work.hold, isReleased: true }
  return loadUpload(work, upload, stored, { hold, isUnlimited: upload.action_limited === 0 })
}

async function changeState(work: LoaderContext, upload: Upload): Promise<LoadRecord | string> {
  const { action, sha256 } = upload
  const changed =
    action === 'undo'
      ? await work.catalogue.undo(sha256, decisionText(upload, 'Taken out of the catalogue'), work.now())
      : await work.catalogue.discard(sha256, decisionText(upload, 'Discarded'), work.now())
  // Not in the state it should be changed from: then it was changed before a crash, and the ledger may not know yet.
  return changed ?? (await work.catalogue.findLoad(sha256)) ?? 'It has not been loaded.'
}

function decisionText({ action_by, action_reason }: Upload, what: string): string {
  return `${what} by ${action_by}: ${action_reason}`
}
