/**
 * Holds the ledger against the catalogue when update-db starts. They agree unless one of them was lost or set back to an old backup;
 * whatever the difference, it is logged, and nothing stays told as loaded that is not.
 */
import { borrow } from '../inbox/borrow.ts'
import type { Upload } from '../ledger/uploads.ts'
import type { UpdateDb } from './update-db.ts'

const PAGE_UPLOADS = 500

/** What was found: uploads to be loaded once more from their own files, and uploads forgotten because their files are gone. */
export type Reconciled = Readonly<{ toLoadAgain: number; forgotten: number }>

/** Looks at every upload that the ledger calls loaded. */
export async function reconcile(work: UpdateDb): Promise<Reconciled> {
  const found = { toLoadAgain: 0, forgotten: 0 }
  for (let before: string | undefined; ; ) {
    const page = await work.ledger.uploads.list({ state: 'loaded', limit: PAGE_UPLOADS, ...(before && { before }) })
    for (const upload of page)
      if ((await work.catalogue.findLoad(upload.sha256)) === undefined) found[await mendLoaded(work, upload)]++
    if (page.length < PAGE_UPLOADS) return found
    before = page.at(-1)!.id
  }
}

async function isHere(work: UpdateDb, upload: Upload): Promise<boolean> {
  await using borrowed = await borrow(work, upload)
  return borrowed !== undefined
}

async function mendLoaded(work: UpdateDb, upload: Upload): Promise<keyof Reconciled> {
  const { id, filename } = upload
  const detail = 'the ledger calls it loaded and the catalogue does not know it'
  if (await isHere(work, upload)) {
    work.log.warn({ upload: id, filename }, `${detail}: it is loaded again from its own file`)
    await work.ledger.uploads.wish(id, 'load', 'update-db', detail)
    return 'toLoadAgain'
  }
  work.log.error(
    { upload: id, filename },
    `${detail}, and its file is gone: it is forgotten, so that it can be sent again`,
  )
  await work.ledger.uploads.forget(id)
  await work.ledger.audit({ at: work.now(), who: 'update-db', what: 'upload forgotten', about: id, detail })
  return 'forgotten'
}
