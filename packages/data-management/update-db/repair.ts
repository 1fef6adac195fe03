/**
 * Repairs what ledger, catalogue and inbox say differently of an upload. Nothing is deleted.
 *
 * When update-db starts, the ledger is held against the catalogue: they agree unless one of them was lost or set back to an old backup, or is not
 * the one that is meant. Where more than a few uploads are not what the ledger calls them, nothing is done before a person has said so
 * (`splitcart join-databases`). What waits and is not in the inbox any more is looked for again and again.
 */
import { inboxOf } from '../inbox/folder/folder-inbox.ts'
import type { Upload } from '../ledger/uploads.ts'
import { loadOf } from './load-upload.ts'
import { type FleetWork, forget, type UpdateDb } from './process.ts'

const PAGE_UPLOADS = 500
/** So many may differ: as after a crash of a disk. */
const DIFFERENCES_MAX = 10

/**
 * What was found: uploads to be loaded once more from their own files, lost because their files are gone, known again because the
 * catalogue has them after all, and left alone because they are too many.
 */
export type Reconciled = Readonly<{ toLoadAgain: number; lost: number; known: number; waiting: number }>

/** Looks at every upload that the ledger calls loaded, and at those that it calls lost. */
export async function reconcile(work: UpdateDb): Promise<Reconciled> {
  const { identity } = work.ledger
  const found = { toLoadAgain: 0, lost: 0, known: await findAgain(work), waiting: 0 }
  const mayDiffer = await identity.mayDiffer()
  const differing = await differingFrom(work, mayDiffer ? Number.MAX_SAFE_INTEGER : DIFFERENCES_MAX + 1)
  if (!mayDiffer && differing.length > DIFFERENCES_MAX) {
    work.log.error({ examples: differing.slice(0, 3).map(({ id }) => id) }, TOO_MANY)
    return { ...found, waiting: differing.length }
  }
  for (const upload of differing) found[await mendLoaded(work, upload)]++
  if (mayDiffer) await identity.mayDifferNoMore()
  return found
}

const TOO_MANY = `more than ${DIFFERENCES_MAX} uploads that the ledger calls loaded are not in the catalogue; nothing was done to them. Check DATABASE_URL; if the catalogue was lost or set back on purpose, say so: splitcart join-databases`

/** The uploads that the ledger calls loaded and the catalogue does not know; no more than so many. */
async function differingFrom({ ledger, catalogue }: UpdateDb, max: number): Promise<Upload[]> {
  const differing: Upload[] = []
  for (let before: string | undefined; ; ) {
    const page = await ledger.uploads.list({ state: 'loaded', limit: PAGE_UPLOADS, ...(before && { before }) })
    for (const upload of page) if ((await catalogue.findLoad(upload.sha256)) === undefined) differing.push(upload)
    if (page.length < PAGE_UPLOADS || differing.length >= max) return differing
    before = page.at(-1)!.id
  }
}

/** Knows again what was lost and is in the catalogue: it was looked for in another one. */
async function findAgain({ ledger, catalogue, now, log }: UpdateDb): Promise<number> {
  let known = 0
  for (let behind = ''; ; ) {
    const page = await ledger.lost.list(behind, PAGE_UPLOADS)
    for (const lost of page) {
      const { id, sha256, filename } = lost.upload
      behind = id
      const load = await catalogue.findLoad(sha256)
      if (load === undefined) continue
      await ledger.lost.bringBack(lost)
      await ledger.uploads.settle(id, load.state, load.result, now())
      log.warn({ upload: id, filename }, 'upload that was lost is in the catalogue: it is known again')
      known++
    }
    if (page.length < PAGE_UPLOADS) return known
  }
}

async function mendLoaded(work: UpdateDb, upload: Upload): Promise<'toLoadAgain' | 'lost'> {
  const { id, filename } = upload
  const detail = 'the ledger calls it loaded and the catalogue does not know it'
  if (await isHere(work, upload)) {
    work.log.warn({ upload: id, filename }, `${detail}: it is loaded again from its own file`)
    await work.ledger.uploads.requestAction(id, { action: 'load', by: 'update-db', reason: detail, isLimited: true })
    return 'toLoadAgain'
  }
  await forget(work, upload, `${detail}, and its file is gone: once sent again it is loaded`)
  return 'lost'
}

async function isHere(work: UpdateDb, upload: Upload): Promise<boolean> {
  await using opened = await inboxOf(work).open(upload)
  return opened !== undefined
}

/** Looks at every upload that waits and has no work item. In a folder the pass over it does the same. */
export async function repairStranded(work: FleetWork, signal: AbortSignal, settledInMs: number): Promise<void> {
  const open = await work.ledger.uploads.inInbox()
  // Asked afterwards: what was done meanwhile is found to be done. Most often every upload that waits has its item.
  const queued = open.length === 0 ? new Set() : await work.inbox.servers.queued()
  for (const upload of open)
    if (!signal.aborted && !queued.has(upload.sha256) && work.now() - upload.received_at > settledInMs)
      await repair(work, upload)
}

/**
 * It may have been dealt with and only the ledger does not know; its item may be lost, then there is a new one; or its bytes are lost, then it is
 * forgotten, so that its sender sends it again.
 */
async function repair(work: FleetWork, upload: Upload): Promise<void> {
  const load = await loadOf(work, upload)
  if (load !== undefined) await work.ledger.uploads.settle(upload.id, load.state, load.result, work.now())
  else if (!(await work.inbox.requeue(upload))) await forget(work, upload, 'its bytes are no longer in the inbox')
}
