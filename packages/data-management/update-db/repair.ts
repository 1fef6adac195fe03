/**
 * Repairs differences between ledger, catalogue and inbox. Nothing is deleted.
 *
 * When update-db starts, the ledger is compared with the catalogue. They agree unless one of them was lost, restored
 * from an old backup, or is the wrong one. If they differ in more than `DIFFERENCES_MAX` uploads, nothing is done until
 * a person confirms the difference (`splitcart join-databases`). Waiting uploads that are missing from a shared inbox
 * are looked for repeatedly.
 */
import { inboxOf } from '../inbox/folder/folder-inbox.ts'
import type { Upload } from '../ledger/uploads.ts'
import { findCurrentLoad } from './load-upload.ts'
import { type FleetLoaderContext, forgetUpload, type LoaderContext } from './process.ts'

const PAGE_UPLOADS = 500
/** A disk crash can cause a few differences; more mean that one database is lost, outdated or the wrong one. */
const DIFFERENCES_MAX = 10

/**
 * Counts of uploads: requested to be loaded again from their stored files (`toLoadAgain`); lost, as their files are
 * gone; lost before but found in the catalogue (`known`); left as they are, as there are too many (`waiting`).
 */
export type ReconcileCounts = Readonly<{ toLoadAgain: number; lost: number; known: number; waiting: number }>

/** Compares every upload that the ledger has as loaded or lost with the catalogue, and repairs the differences. */
export async function reconcile(work: LoaderContext): Promise<ReconcileCounts> {
  const { identity } = work.ledger
  const found = { toLoadAgain: 0, lost: 0, known: await restoreLost(work), waiting: 0 }
  const mayDiffer = await identity.mayDiffer()
  const missing = await missingFromCatalogue(work, mayDiffer ? Number.MAX_SAFE_INTEGER : DIFFERENCES_MAX + 1)
  if (!mayDiffer && missing.length > DIFFERENCES_MAX) {
    work.log.error({ examples: missing.slice(0, 3).map(({ id }) => id) }, TOO_MANY)
    return { ...found, waiting: missing.length }
  }
  for (const upload of missing) found[await repairLoaded(work, upload)]++
  if (mayDiffer) await identity.endMayDiffer()
  return found
}

const TOO_MANY = `more than ${DIFFERENCES_MAX} uploads that the ledger calls loaded are not in the catalogue; nothing was done to them. Check DATABASE_URL; if the catalogue was lost or set back on purpose, say so: splitcart join-databases`

/** Uploads that are loaded in the ledger but not in the catalogue. Stops after the page on which it reaches `max`. */
async function missingFromCatalogue({ ledger, catalogue }: LoaderContext, max: number): Promise<Upload[]> {
  const missing: Upload[] = []
  for (let before: string | undefined; ; ) {
    const page = await ledger.uploads.list({ state: 'loaded', limit: PAGE_UPLOADS, ...(before && { before }) })
    for (const upload of page) if ((await catalogue.findLoad(upload.sha256)) === undefined) missing.push(upload)
    if (page.length < PAGE_UPLOADS || missing.length >= max) return missing
    before = page.at(-1)!.id
  }
}

/** Restores lost uploads whose loads are in the catalogue: they were compared with another catalogue before. */
async function restoreLost({ ledger, catalogue, now, log }: LoaderContext): Promise<number> {
  let known = 0
  for (let after = ''; ; ) {
    const page = await ledger.lost.list(after, PAGE_UPLOADS)
    for (const lost of page) {
      const { id, sha256, filename } = lost.upload
      after = id
      const load = await catalogue.findLoad(sha256)
      if (load === undefined) continue
      await ledger.lost.restore(lost)
      await ledger.uploads.settle(id, load.state, load.result, now())
      log.warn({ upload: id, filename }, 'upload that was lost is in the catalogue: it is known again')
      known++
    }
    if (page.length < PAGE_UPLOADS) return known
  }
}

async function repairLoaded(work: LoaderContext, upload: Upload): Promise<'toLoadAgain' | 'lost'> {
  const { id, filename } = upload
  const detail = 'the ledger calls it loaded and the catalogue does not know it'
  if (await hasStoredFile(work, upload)) {
    work.log.warn({ upload: id, filename }, `${detail}: it is loaded again from its own file`)
    await work.ledger.uploads.requestAction(id, { action: 'load', by: 'update-db', reason: detail, isLimited: true })
    return 'toLoadAgain'
  }
  await forgetUpload(work, upload, `${detail}, and its file is gone: once sent again it is loaded`)
  return 'lost'
}

async function hasStoredFile(work: LoaderContext, upload: Upload): Promise<boolean> {
  await using opened = await inboxOf(work).open(upload)
  return opened !== undefined
}

/**
 * Repairs every waiting upload without a work item that was received more than `arrivalMsMax` ago. In a folder inbox
 * each pass does the same.
 */
export async function repairStranded(
  work: FleetLoaderContext,
  signal: AbortSignal,
  arrivalMsMax: number,
): Promise<void> {
  const waiting = await work.ledger.uploads.listWaiting()
  // Asked after the ledger: an upload that was settled in between has no item any more, and `repairWaiting` finds its load.
  const queued = waiting.length === 0 ? new Set() : await work.inbox.servers.queued()
  for (const upload of waiting)
    if (!signal.aborted && !queued.has(upload.sha256) && work.now() - upload.received_at > arrivalMsMax)
      await repairWaiting(work, upload)
}

/**
 * Repairs one upload: settles it if its load is on record, else gives it a new work item. If its bytes are lost, it is
 * forgotten, so that its sender sends it again.
 */
async function repairWaiting(work: FleetLoaderContext, upload: Upload): Promise<void> {
  const load = await findCurrentLoad(work, upload)
  if (load !== undefined) await work.ledger.uploads.settle(upload.id, load.state, load.result, work.now())
  else if (!(await work.inbox.requeue(upload))) await forgetUpload(work, upload, 'its bytes are no longer in the inbox')
}
