/** One upload, from its bytes into the catalogue, by the loader of its kind. */
import type { Disk } from '@splitcart/shared/disk.ts'
import { isLoadedKind, PRODUCTS } from '@splitcart/shared/kinds.ts'
import type { AcceptedRepair } from '@splitcart/shared/truth/finding.ts'
import type { Catalogue } from '../catalogue/catalogue.ts'
import type { LoadRecord } from '../catalogue/loads.ts'
import type { Folders } from '../folders.ts'
import { type LoadProgress, progressRecorder, writeProgress } from '../inbox/progress.ts'
import { bytesOf, type Stored } from '../inbox/stored.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { Rights } from '../ledger/rights.ts'
import type { Upload } from '../ledger/uploads.ts'
import type { Hold } from './judgement.ts'
import { loadFeed } from './load-feed.ts'
import { type LoadRequest, loadFile } from './load-file.ts'
import type { Reader } from './reader.ts'

/** What loading an upload works with. `hold` undefined: nothing is held. */
export type LoadWork = Readonly<{
  disk: Disk
  folders: Folders
  ledger: Ledger
  catalogue: Catalogue
  /** The reader of the files; undefined: this thread. */
  reader?: Reader | undefined
  lineBytesMax: number
  hold: Hold | undefined
  now: () => number
  /** A monotonic clock in milliseconds; default: that of this process. */
  steady?: () => number
}>

/** The load of an upload, unless its senders have more rights by now, or its bytes were loaded as another kind. */
export async function loadOf(work: LoadWork, upload: Upload): Promise<LoadRecord | undefined> {
  const load = await work.catalogue.findLoad(upload.sha256)
  return load && (await isStillTrue(work, upload, load)) ? load : undefined
}

/** Whether a load still stands: the kind is the same, and the senders have no more rights than at the load. */
export async function isStillTrue({ ledger }: LoadWork, upload: Upload, load: LoadRecord): Promise<boolean> {
  return load.kind === upload.kind && !(await ledger.mayHaveMore(upload))
}

/**
 * How an upload is loaded: what holds it (undefined: nothing), whether beyond the rights of its senders, and what is done once the reader
 * knows of it.
 */
type LoadOptions = Readonly<{
  hold: Hold | undefined
  isUnlimited?: boolean
  ahead?: (() => Promise<void>) | undefined
}>

/** Loads the bytes of an upload into the catalogue. */
export async function loadUpload(
  work: LoadWork,
  upload: Upload,
  stored: Stored,
  { hold, ahead, isUnlimited = false }: LoadOptions,
): Promise<LoadRecord> {
  const within = await orderFor({ ...work, hold }, upload, stored)
  const order = { ...within, onlyFor: isUnlimited ? null : within.onlyFor }
  await work.ledger.uploads.markLoading(upload.id, work.now(), order.onlyFor)
  try {
    if (upload.kind === PRODUCTS) work.reader?.expect?.(order)
    await ahead?.()
    const kind = isLoadedKind(upload.kind) ? upload.kind : PRODUCTS
    if (kind !== PRODUCTS) return await loadFeed(kind, work.catalogue, order)
    return await loadFile(work.catalogue, order)
  } catch (error) {
    await work.ledger.uploads.endAttempt(upload.id)
    throw error
  }
}

/** What loading an upload takes. */
export async function orderFor(
  work: LoadWork,
  upload: Upload,
  stored: Stored,
): Promise<LoadRequest & { onlyFor: Rights }> {
  const { sha256, kind, filename, received_at: receivedAt, ranked_at } = upload
  const note = (progress: LoadProgress) => writeProgress(work.disk, work.folders.data, progress)
  return {
    file: {
      sha256,
      kind,
      filename,
      receivedAt,
      rankedAt: ranked_at ?? receivedAt,
      isCopied: upload.wire_bytes === null,
    },
    bytes: () => bytesOf(work.disk, stored),
    stored,
    onBytes: progressRecorder(upload, note, work.steady),
    lineBytesMax: work.lineBytesMax,
    hold: work.hold && { ...work.hold, beliefs: await work.ledger.beliefs.current() },
    repair: upload.repair === null ? null : (JSON.parse(upload.repair) as AcceptedRepair),
    onlyFor: await work.ledger.rightsOver(upload.id),
    reader: work.reader,
    now: work.now,
  }
}
