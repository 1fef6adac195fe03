/**
 * Claims the uploads that wait in a folder: kind by kind, round-robin by sender, oldest first. Only one loader works on
 * a folder at a time, so claims need no lock.
 */
import { digestOfFile } from '@splitcart/shared/digest.ts'
import { move, remove, syncFolder } from '@splitcart/shared/durable-file.ts'
import type { LoadedKind } from '@splitcart/shared/kinds.ts'
import { v7 as uuid } from 'uuid'
import { foldersOfKind } from '../../folders.ts'
import type { Ledger } from '../../ledger/ledger.ts'
import type { Upload } from '../../ledger/uploads.ts'
import type { Claim, ClaimOutcome, ClaimPass } from '../inbox.ts'
import { FOLDER_BY_STATE, type MoveContext, moveSettled } from '../move-settled.ts'
import { findStored, type StoredFile } from '../stored.ts'
import { type InboxFile, listInbox } from '../waiting.ts'
import { roundRobin } from './round-robin.ts'

/** Where files lie and are recorded. */
export type FolderStores = MoveContext & Readonly<{ ledger: Ledger }>

/** A person may still be copying a file that has no sender: it is left until it has been unchanged for so long. */
export const UNCHANGED_MS_MIN = 2_000

const SENDERS_AT_ONCE = 500

/** How many files after a claimed one are announced to the reader, which limits what it reads ahead by bytes. */
export const FILES_AHEAD_MAX = 8

/** Claims the files of one kind after the other; each folder is listed when its turn comes. */
export async function* folderClaims(stores: FolderStores, claiming: ClaimPass): AsyncGenerator<Claim> {
  for (const kind of claiming.kinds) {
    yield* claimsOfKind({ ...stores, folders: foldersOfKind(stores.folders, kind), kind }, claiming)
    await claiming.untilSettled()
  }
}

/** `FolderStores` with the folders of one kind. */
type KindStores = FolderStores & Readonly<{ kind: LoadedKind }>

async function* claimsOfKind(stores: KindStores, claiming: ClaimPass): AsyncGenerator<Claim> {
  const { disk, folders } = stores
  // Queried before the folder is listed: an upload recorded by now has its file there, or has lost it.
  const open = await waitingUploads(stores)
  const { files: found, ignored } = await listInbox(disk, folders.inbox)
  for (const each of ignored) claiming.onIgnored(each)
  const files = await roundRobinBySender(stores, found, claiming)
  const names = new Set(files.map(({ name }) => name))
  for (const upload of open) if (!names.has(upload.stored_as)) yield claimWithoutFile(upload, 'lost')
  let announced = 0
  for (const [index, file] of files.entries()) {
    const nextToReadAhead = async () => {
      announced = Math.max(announced, index)
      if (announced === Math.min(index + FILES_AHEAD_MAX, files.length - 1)) return undefined
      return recordedUpload(stores, files[++announced]!)
    }
    if (claiming.signal.aborted) return claiming.onWaiting(files.length - index)
    const claim = await claimFile(stores, file, claiming).catch((error: unknown) => claiming.onFailed(file.name, error))
    if (claim) yield { ...claim, nextToReadAhead }
  }
}

async function waitingUploads({ ledger, kind }: KindStores): Promise<Upload[]> {
  return (await ledger.uploads.listWaiting()).filter((upload) => upload.kind === kind)
}

/**
 * The files round-robin by sender; files without a sender count as one sender. Files not recorded yet come last: they
 * arrived after all others of their sender, and may be recorded by the time they are claimed.
 */
async function roundRobinBySender(
  stores: KindStores,
  files: readonly InboxFile[],
  claiming: ClaimPass,
): Promise<InboxFile[]> {
  if (files.length === 0) return []
  const { ledger } = stores
  const senders = new Map<string, string>()
  // Queried after the folder was listed: files that arrived meanwhile have a sender, too.
  const open = await waitingUploads(stores)
  for (let index = 0; index < open.length; index += SENDERS_AT_ONCE) {
    const some = open.slice(index, index + SENDERS_AT_ONCE)
    const found = await ledger.sendersOf(some.map(({ id }) => id))
    for (const { id, stored_as } of some) senders.set(stored_as, found.get(id)?.keyId ?? '')
  }
  const isArriving = (file: InboxFile) => !senders.has(file.name) && !isUnchanged(file, claiming)
  const arrived = files.filter((file) => !isArriving(file))
  return [...roundRobin(arrived, ({ name }) => senders.get(name) ?? ''), ...files.filter(isArriving)]
}

/** A time in the future, which comes from another clock, counts as long ago: it may not be reached for years. */
function isUnchanged({ modifiedAt }: InboxFile, claiming: ClaimPass): boolean {
  return Math.abs(claiming.now() - modifiedAt) >= UNCHANGED_MS_MIN
}

const CLAIM_DEFAULTS = {
  timesClaimed: 1,
  blocksNext: false,
  bytes: 'here',
  attempt: (work: () => Promise<void>) => work(),
  // The file stays where it is: the next pass finds it.
  release: () => {},
} as const

/**
 * A claim without a file to load. `lost`: none is in the inbox, because the upload was dealt with and only the ledger
 * lags, or because its bytes are lost. `elsewhere`: they lie under another name.
 */
function claimWithoutFile(upload: Upload, bytes: 'elsewhere' | 'lost'): Claim {
  return {
    ...CLAIM_DEFAULTS,
    upload,
    bytes,
    open: async () => undefined,
    finish: async () => {},
    removeDamaged: async () => {},
  }
}

/** The claim of a file; undefined if it cannot be claimed yet. */
async function claimFile(stores: KindStores, file: InboxFile, claiming: ClaimPass): Promise<Claim | undefined> {
  const { disk, folders } = stores
  const upload = await findOrRecordUpload(stores, file, claiming)
  if (upload === undefined) return undefined
  // Whether this is a second copy shows only once the first one has been moved.
  if (file.name !== upload.stored_as) await claiming.untilSettled()
  if (await isSecondCopy(stores, file, upload)) {
    await remove(disk, file.path)
    return claimWithoutFile(upload, 'elsewhere')
  }
  const stored = storedInInbox(file, upload)
  return {
    ...CLAIM_DEFAULTS,
    upload,
    open: async () => ({ stored, [Symbol.asyncDispose]: async () => {} }),
    finish: (ending, wasLoaded) => finish(stores, upload, stored, { ending, wasLoaded }),
    removeDamaged: async () => {
      // A file that nobody sent may still be changing, and stays.
      if (upload.wire_bytes !== null) await move(disk, file.path, folders.failed, [`${file.name}.damaged-${upload.id}`])
    },
  }
}

async function finish(
  stores: KindStores,
  upload: Upload,
  stored: StoredFile,
  { ending, wasLoaded }: Readonly<{ ending: ClaimOutcome; wasLoaded: boolean }>,
): Promise<void> {
  if (ending === 'delivered' || ending === 'forgotten') return
  const { disk } = stores
  const earlier = wasLoaded ? await earlierCopy(stores, upload) : undefined
  await moveSettled(stores, stored, ending)
  if (earlier !== undefined && earlier.place !== FOLDER_BY_STATE[ending]) await remove(disk, earlier.path)
}

/** The file of an upload's earlier load, if that was held or failed. */
async function earlierCopy({ disk, folders }: FolderStores, upload: Upload): Promise<StoredFile | undefined> {
  const stored = await findStored(disk, folders, upload)
  return stored?.place === 'held' || stored?.place === 'failed' ? stored : undefined
}

/** Whether the bytes of a file also lie, intact, under the name of their upload. */
async function isSecondCopy({ disk, folders }: FolderStores, { name }: InboxFile, upload: Upload): Promise<boolean> {
  return name !== upload.stored_as && (await findStored(disk, folders, upload)) !== undefined
}

function storedInInbox({ path }: InboxFile, { sha256 }: Upload): StoredFile {
  return { path, sha256, place: 'inbox' }
}

/** A file that waits, if the server has recorded it. */
async function recordedUpload({ ledger, kind }: KindStores, file: InboxFile) {
  const upload = await ledger.uploads.findWaiting(file.name, kind)
  return upload && { upload, stored: storedInInbox(file, upload) }
}

/** The upload a file belongs to. One that is just arriving, or that a person copied here by hand, gets one once it is still. */
async function findOrRecordUpload(
  stores: KindStores,
  file: InboxFile,
  claiming: ClaimPass,
): Promise<Upload | undefined> {
  const { ledger, kind } = stores
  const known = await ledger.uploads.findWaiting(file.name, kind)
  if (known !== undefined) return known
  const upload = isUnchanged(file, claiming) ? await recordCopiedFile(stores, file, claiming.now()) : undefined
  if (upload?.kind === kind) return upload
  if (upload !== undefined)
    claiming.onIgnored({ name: file.name, reason: `its bytes came as ${upload.kind}: the upload ${upload.id}` })
  claiming.onWaiting(1)
  return undefined
}

async function recordCopiedFile(
  { disk, folders, ledger, kind }: KindStores,
  file: InboxFile,
  now: number,
): Promise<Upload> {
  const digest = await digestOfFile(disk, file.path)
  // The server may have been killed between giving the file its name and making that durable; a record must not outlive its file.
  await syncFolder(disk, folders.inbox)
  const { name: filename, name: stored_as, modifiedAt } = file
  const received_at = Math.min(Math.round(modifiedAt), now)
  return ledger.arrivals.recordFoundFile({
    id: uuid(),
    ...digest,
    filename,
    stored_as,
    wire_bytes: null,
    received_at,
    kind,
  })
}
