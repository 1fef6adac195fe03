/** One upload, from its bytes into the catalogue, by the loader of its kind. */
import type { Disk } from '@splitcart/shared/disk.ts'
import { isLoadedKind, PRODUCTS } from '@splitcart/shared/kinds.ts'
import type { AcceptedRepair } from '@splitcart/shared/truth/finding.ts'
import type { Catalogue } from '../catalogue/catalogue.ts'
import type { LoadRecord } from '../catalogue/loads.ts'
import type { Folders } from '../folders.ts'
import { type LoadProgress, progressRecorder, writeProgress } from '../inbox/progress.ts'
import { type StoredFile, verifiedContent } from '../inbox/stored.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { Rights } from '../ledger/rights.ts'
import type { Upload } from '../ledger/uploads.ts'
import type { HoldPolicy } from './judgement.ts'
import { loadFeed } from './load-feed.ts'
import { type LoadRequest, loadFile } from './load-file.ts'
import type { Reader } from './reader.ts'

/** What loading an upload needs. `hold` undefined: nothing is held. */
export type LoadContext = Readonly<{
  disk: Disk
  folders: Folders
  ledger: Ledger
  catalogue: Catalogue
  /** The reader of the files; undefined: this thread. */
  reader?: Reader | undefined
  lineBytesMax: number
  hold: HoldPolicy | undefined
  now: () => number
  /** A monotonic clock in milliseconds; default: that of this process. */
  steady?: () => number
}>

/** The load of an upload, unless its senders have more rights by now, or its bytes were loaded as another kind. */
export async function findCurrentLoad(work: LoadContext, upload: Upload): Promise<LoadRecord | undefined> {
  const load = await work.catalogue.findLoad(upload.sha256)
  return load && (await isLoadCurrent(work, upload, load)) ? load : undefined
}

/** Whether a load still stands: the kind is the same, and the senders have no more rights than at the load. */
export async function isLoadCurrent({ ledger }: LoadContext, upload: Upload, load: LoadRecord): Promise<boolean> {
  return load.kind === upload.kind && !(await ledger.hasMoreRightsNow(upload))
}

/**
 * `hold` undefined: it is never held; `isUnlimited`: also rows beyond the rights of its senders are loaded;
 * `onAnnounced`: called once the reader knows the file.
 */
type LoadOptions = Readonly<{
  hold: HoldPolicy | undefined
  isUnlimited?: boolean
  onAnnounced?: (() => Promise<void>) | undefined
}>

/** Loads the bytes of an upload into the catalogue. */
export async function loadUpload(
  work: LoadContext,
  upload: Upload,
  stored: StoredFile,
  { hold, onAnnounced, isUnlimited = false }: LoadOptions,
): Promise<LoadRecord> {
  const within = await loadRequestFor({ ...work, hold }, upload, stored)
  const request = { ...within, onlyFor: isUnlimited ? null : within.onlyFor }
  await work.ledger.uploads.markLoading(upload.id, work.now(), request.onlyFor)
  try {
    if (upload.kind === PRODUCTS) work.reader?.expect?.(request)
    await onAnnounced?.()
    const kind = isLoadedKind(upload.kind) ? upload.kind : PRODUCTS
    if (kind !== PRODUCTS) return await loadFeed(kind, work.catalogue, request)
    return await loadFile(work.catalogue, request)
  } catch (error) {
    await work.ledger.uploads.resetAttempts(upload.id)
    throw error
  }
}

/** Makes the load request of an upload. */
export async function loadRequestFor(
  work: LoadContext,
  upload: Upload,
  stored: StoredFile,
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
    bytes: () => verifiedContent(work.disk, stored),
    stored,
    onBytes: progressRecorder(upload, note, work.steady),
    lineBytesMax: work.lineBytesMax,
    hold: work.hold && { ...work.hold, beliefs: await work.ledger.beliefs.current() },
    repair: upload.repair === null ? null : (JSON.parse(upload.repair) as AcceptedRepair),
    onlyFor: await work.ledger.rightsOfUpload(upload.id),
    reader: work.reader,
    now: work.now,
  }
}
