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
import type { Claim, Claiming, Ending } from '../inbox.ts'
import { FOLDER_OF, type MoveContext, moveSettled } from '../move-settled.ts'
import { findStored, type Stored } from '../stored.ts'
import { type Waiting, waitingIn } from '../waiting.ts'
import { roundRobin } from './round-robin.ts'

/** Where files lie and are recorded. */
export type FolderStores = MoveContext & Readonly<{ ledger: Ledger }>

/** A person may still be copying a file that has no sender: it is left until it has been unchanged for so long. */
export const STILL_MS_MIN = 2_000

const SENDERS_AT_ONCE = 500

/** How many files behind a claimed one are announced. Which of them are read ahead, the reader bounds by their bytes. */
export const FILES_AHEAD_MAX = 8

/** Claims what is there when its kind's turn comes. */
export async function* claimsIn(place: FolderStores, claiming: Claiming): AsyncGenerator<Claim> {
  for (const kind of claiming.kinds) {
    yield* claimsOfKind({ ...place, folders: foldersOfKind(place.folders, kind), kind }, claiming)
    await claiming.settled()
  }
}

/** The folders are those of the kind. */
type OfKind = FolderStores & Readonly<{ kind: LoadedKind }>

async function* claimsOfKind(place: OfKind, claiming: Claiming): AsyncGenerator<Claim> {
  const { disk, folders } = place
  // Asked first: what is recorded by now has its file, or has lost it.
  const open = await openOfKind(place)
  const { files: found, ignored } = await waitingIn(disk, folders.inbox)
  for (const each of ignored) claiming.ignore(each)
  const files = await inTurnsOfSenders(place, found, claiming)
  const names = new Set(files.map(({ name }) => name))
  for (const upload of open) if (!names.has(upload.stored_as)) yield withoutFile(upload, 'lost')
  let announced = 0
  for (const [index, file] of files.entries()) {
    const following = async () => {
      announced = Math.max(announced, index)
      if (announced === Math.min(index + FILES_AHEAD_MAX, files.length - 1)) return undefined
      return followingIn(place, files[++announced]!)
    }
    if (claiming.signal.aborted) return claiming.wait(files.length - index)
    const claim = await claimOf(place, file, claiming).catch((error: unknown) => claiming.failed(file.name, error))
    if (claim) yield { ...claim, following }
  }
}

async function openOfKind({ ledger, kind }: OfKind): Promise<Upload[]> {
  return (await ledger.uploads.inInbox()).filter((upload) => upload.kind === kind)
}

/**
 * The files round-robin by sender; files without a sender count as one sender. Files not recorded yet come last: they
 * arrived after all others of their sender, and may be recorded by the time they are claimed.
 */
async function inTurnsOfSenders(place: OfKind, files: readonly Waiting[], claiming: Claiming): Promise<Waiting[]> {
  if (files.length === 0) return []
  const { ledger } = place
  const senders = new Map<string, string>()
  // Asked after the files: what landed while they were looked for has a sender, too.
  const open = await openOfKind(place)
  for (let index = 0; index < open.length; index += SENDERS_AT_ONCE) {
    const some = open.slice(index, index + SENDERS_AT_ONCE)
    const found = await ledger.sendersOf(some.map(({ id }) => id))
    for (const { id, stored_as } of some) senders.set(stored_as, found.get(id)?.keyId ?? '')
  }
  const isArriving = (file: Waiting) => !senders.has(file.name) && !isStill(file, claiming)
  const there = files.filter((file) => !isArriving(file))
  return [...roundRobin(there, ({ name }) => senders.get(name) ?? ''), ...files.filter(isArriving)]
}

/** Either way: a time that lies ahead comes from another clock, and its day may be far off. */
function isStill({ modifiedAt }: Waiting, claiming: Claiming): boolean {
  return Math.abs(claiming.now() - modifiedAt) >= STILL_MS_MIN
}

const CLAIMED = {
  times: 1,
  isHeld: false,
  bytes: 'here',
  attempt: (work: () => Promise<void>) => work(),
  // It lies where it lay: the next pass finds it.
  release: () => {},
} as const

/**
 * A claim without a file to load. `lost`: none is in the inbox, because the upload was dealt with and only the ledger
 * lags, or because its bytes are lost. `elsewhere`: they lie under another name.
 */
function withoutFile(upload: Upload, bytes: 'elsewhere' | 'lost'): Claim {
  return { ...CLAIMED, upload, bytes, open: async () => undefined, finish: async () => {}, fail: async () => {} }
}

/** The claim of a file; undefined if it cannot be claimed yet. */
async function claimOf(place: OfKind, file: Waiting, claiming: Claiming): Promise<Claim | undefined> {
  const { disk, folders } = place
  const upload = await uploadOf(place, file, claiming)
  if (upload === undefined) return undefined
  // The place of the first copy tells whether this is a second one.
  if (file.name !== upload.stored_as) await claiming.settled()
  if (await isSecondCopy(place, file, upload)) {
    await remove(disk, file.path)
    return withoutFile(upload, 'elsewhere')
  }
  const stored = storedAs(file, upload)
  return {
    ...CLAIMED,
    upload,
    open: async () => ({ stored, [Symbol.asyncDispose]: async () => {} }),
    finish: (ending, wasLoaded) => finish(place, upload, stored, { ending, wasLoaded }),
    fail: async () => {
      // A file that nobody sent may still be changing, and stays.
      if (upload.wire_bytes !== null) await move(disk, file.path, folders.failed, [`${file.name}.damaged-${upload.id}`])
    },
  }
}

async function finish(
  place: OfKind,
  upload: Upload,
  stored: Stored,
  { ending, wasLoaded }: Readonly<{ ending: Ending; wasLoaded: boolean }>,
): Promise<void> {
  if (ending === 'delivered' || ending === 'forgotten') return
  const { disk } = place
  const earlier = wasLoaded ? await earlierCopy(place, upload) : undefined
  await moveSettled(place, stored, ending)
  if (earlier !== undefined && earlier.place !== FOLDER_OF[ending]) await remove(disk, earlier.path)
}

/** The file of an upload that was dealt with before, where it is not among those that are kept for replay. */
async function earlierCopy({ disk, folders }: FolderStores, upload: Upload): Promise<Stored | undefined> {
  const stored = await findStored(disk, folders, upload)
  return stored?.place === 'held' || stored?.place === 'failed' ? stored : undefined
}

/** Whether the bytes of a file, whole, lie under the name of their upload, too. */
async function isSecondCopy({ disk, folders }: FolderStores, { name }: Waiting, upload: Upload): Promise<boolean> {
  return name !== upload.stored_as && (await findStored(disk, folders, upload)) !== undefined
}

function storedAs({ path }: Waiting, { sha256 }: Upload): Stored {
  return { path, sha256, place: 'inbox' }
}

/** A file that waits, if the server has recorded it. */
async function followingIn({ ledger, kind }: OfKind, file: Waiting) {
  const upload = await ledger.uploads.findWaiting(file.name, kind)
  return upload && { upload, stored: storedAs(file, upload) }
}

/** The upload a file belongs to. One that is just arriving, or that a person copied here by hand, gets one once it is still. */
async function uploadOf(place: OfKind, file: Waiting, claiming: Claiming): Promise<Upload | undefined> {
  const { ledger, kind } = place
  const known = await ledger.uploads.findWaiting(file.name, kind)
  if (known !== undefined) return known
  const upload = isStill(file, claiming) ? await recordFound(place, file, claiming.now()) : undefined
  if (upload?.kind === kind) return upload
  if (upload !== undefined)
    claiming.ignore({ name: file.name, reason: `its bytes came as ${upload.kind}: the upload ${upload.id}` })
  claiming.wait(1)
  return undefined
}

async function recordFound({ disk, folders, ledger, kind }: OfKind, file: Waiting, now: number): Promise<Upload> {
  const digest = await digestOfFile(disk, file.path)
  // The server may have been killed between giving the file its name and making that durable; a record must not outlive its file.
  await syncFolder(disk, folders.inbox)
  const { name: filename, name: stored_as, modifiedAt } = file
  const received_at = Math.min(Math.round(modifiedAt), now)
  return ledger.arrivals.recordFound({
    id: uuid(),
    ...digest,
    filename,
    stored_as,
    wire_bytes: null,
    received_at,
    kind,
  })
}
