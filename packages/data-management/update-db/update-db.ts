/**
 * `update-db --products`: brings every file of the inbox into the catalogue, oldest first.
 *
 *   inbox ─▶ load (one transaction) ─▶ ledger says what became of it ─▶ file is put away
 *              └──▶ the next load, beside that
 *
 * A crash between two of these steps is mended by doing the rest: a file whose load is on record is not loaded again.
 */
import { digestOfFile } from '@splitcart/shared/digest.ts'
import { codeOf, type Disk } from '@splitcart/shared/disk.ts'
import { move, remove, syncFolder } from '@splitcart/shared/durable-file.ts'
import type { Log } from '@splitcart/shared/log.ts'
import { v7 as uuid } from 'uuid'
import type { Catalogue } from '../catalogue/catalogue.ts'
import type { LoadRecord } from '../catalogue/loads.ts'
import type { Folders } from '../folders.ts'
import type { JetStreamInbox } from '../inbox/jetstream.ts'
import { type LoadProgress, noteOf, writeProgress } from '../inbox/progress.ts'
import { PLACE_OF, putAway } from '../inbox/put-away.ts'
import { bytesOf, DamagedFile, findStored, type Stored } from '../inbox/stored.ts'
import { type Ignored, type Waiting, waitingIn } from '../inbox/waiting.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { Rights } from '../ledger/rights.ts'
import type { Upload } from '../ledger/uploads.ts'
import type { Hold } from './judgement.ts'
import { type LoadOrder, loadFile } from './load-file.ts'
import type { Reader } from './reader.ts'
import { deadlyReason, setAside } from './set-aside.ts'
import { Settling } from './settling.ts'
import { inTurns } from './turns.ts'

/** What update-db works with. `hold` undefined: nothing is judged. */
export type UpdateDb = Readonly<{
  disk: Disk
  folders: Folders
  ledger: Ledger
  catalogue: Catalogue
  /** The inbox that several machines share; undefined: the folder is it. */
  fleet?: JetStreamInbox | undefined
  /** Who reads the files; undefined: this thread. */
  reader?: Reader | undefined
  lineBytesMax: number
  hold: Hold | undefined
  log: Log
  now: () => number
  /** Told about each file that has been dealt with. */
  onFile: (upload: Upload, load: LoadRecord) => void
}>

/** What a pass found and did. */
export type Pass = {
  loaded: number
  held: number
  failed: number
  rejected: number
  waiting: number
  ignored: readonly Ignored[]
}

/** What only one loader with the same ledger does at a time: another one would take what lies here for lost. */
export const LOADING_FROM_A_FOLDER = 'loading from a folder'

/** A file that nobody sent is being copied by a person: it is left until it has been still for so long. */
export const STILL_MS_MIN = 2_000

const SENDERS_AT_ONCE = 500

/** Deals with every file that is in the inbox now, by turns of those who sent them. Stops between two files when the signal aborts. */
export async function updateDb(work: UpdateDb, signal: AbortSignal): Promise<Pass> {
  // Asked first: what is recorded by now has its file, or has lost it.
  const open = await work.ledger.uploads.open()
  const { files: found, ignored } = await waitingIn(work.disk, work.folders.inbox)
  const files = await inTurnsOfSenders(work, found, open)
  const names = new Set(files.map(({ name }) => name))
  for (const upload of open) if (!names.has(upload.stored_as)) await mend(work, upload)
  const pass: Pass = { loaded: 0, held: 0, failed: 0, rejected: 0, waiting: 0, ignored }
  await using settling = new Settling()
  for (const [index, file] of files.entries()) {
    const [following] = files.slice(index + 1)
    const isTaken = !signal.aborted && (await tryToDealWith({ ...work, pass, settling }, file, following))
    if (!isTaken) pass.waiting++
  }
  await settling.end()
  return pass
}

/** The files of all senders in turns; what nobody sent has a turn of its own. */
async function inTurnsOfSenders({ ledger }: UpdateDb, files: readonly Waiting[], open: readonly Upload[]) {
  const senders = new Map<string, string>()
  for (let index = 0; index < open.length; index += SENDERS_AT_ONCE) {
    const some = open.slice(index, index + SENDERS_AT_ONCE)
    const found = await ledger.sendersOf(some.map(({ id }) => id))
    for (const { id, stored_as } of some) senders.set(stored_as, found.get(id)?.keyId ?? '')
  }
  return inTurns(files, ({ name }) => senders.get(name) ?? '')
}

/** A pass while it is made. */
type Passing = UpdateDb & Readonly<{ pass: Pass; settling: Settling }>

/** One file that cannot be read must not keep the others waiting: it stays where it is, and the log says why. False: it stays. */
async function tryToDealWith(work: Passing, file: Waiting, following: Waiting | undefined): Promise<boolean> {
  try {
    return await dealWith(work, file, following)
  } catch (error) {
    tellFailure(work, file, error)
    return false
  }
}

function tellFailure({ log }: UpdateDb, file: Waiting, error: unknown): void {
  // A person may have taken it away; the next pass finds out.
  if (codeOf(error) === 'ENOENT') log.info({ filename: file.name }, 'file is gone meanwhile')
  else log.error({ err: error, filename: file.name }, 'file could not be loaded')
}

/** Loads one file and has it put away; false when it cannot be taken yet. `following`: the file that is next. */
async function dealWith(work: Passing, file: Waiting, following: Waiting | undefined): Promise<boolean> {
  const upload = await uploadOf(work, file)
  if (upload === undefined) return false
  // Whether it is a second copy is told by where the first one lies.
  if (file.name !== upload.stored_as) await work.settling.end()
  const stored = storedAs(file, upload)
  const known = await loadOf(work, upload)
  if (await isSecondCopy(work, file, upload)) {
    await remove(work.disk, file.path)
    if (known !== undefined) await settleBeside(work, upload, file, { load: known })
    return known !== undefined
  }
  const deadly = known === undefined && work.hold?.isReleased === false ? deadlyReason(upload) : undefined
  if (deadly !== undefined) {
    await setAside(work, upload, deadly)
    await putAway(work.disk, work.folders, stored, 'held')
    work.pass.held++
    return true
  }
  const earlier = known === undefined ? await earlierCopy(work, upload) : undefined
  try {
    const ahead = known === undefined && following !== undefined ? () => expect(work, following) : undefined
    const load = known ?? (await loadUpload(work, upload, stored, { hold: work.hold, ahead }))
    await settleBeside(work, upload, file, { load, stored, earlier })
    return true
  } catch (error) {
    if (error instanceof DamagedFile) await giveUp(work, file, upload)
    throw error
  }
}

type Loaded = Readonly<{ load: LoadRecord; stored?: Stored; earlier?: Stored | undefined }>

/** Settles an upload while the next file is loaded. */
async function settleBeside(work: Passing, upload: Upload, file: Waiting, loaded: Loaded): Promise<void> {
  const { pass } = work
  const { load, stored, earlier } = loaded
  const done = async () => {
    await settle(work, upload, stored, load)
    if (earlier !== undefined && earlier.place !== PLACE_OF[load.state]) await remove(work.disk, earlier.path)
    pass[load.state]++
    pass.rejected += load.result.rejected
  }
  await work.settling.add(done, (error) => {
    tellFailure(work, file, error)
    pass.waiting++
  })
}

/** The load of an upload, unless its senders may write more by now than that might. */
export async function loadOf({ catalogue, ledger }: UpdateDb, upload: Upload): Promise<LoadRecord | undefined> {
  const load = await catalogue.findLoad(upload.sha256)
  return load !== undefined && (await ledger.mayHaveMore(upload)) ? undefined : load
}

/** The file of an upload that was dealt with before, where it is not among those that are kept for replay. */
async function earlierCopy({ disk, folders, catalogue }: UpdateDb, upload: Upload): Promise<Stored | undefined> {
  if ((await catalogue.findLoad(upload.sha256)) === undefined) return undefined
  const stored = await findStored(disk, folders, upload)
  return stored?.place === 'held' || stored?.place === 'failed' ? stored : undefined
}

/** Whether the bytes of a file, whole, lie under the name of their upload, too. */
async function isSecondCopy({ disk, folders }: UpdateDb, { name }: Waiting, upload: Upload): Promise<boolean> {
  return name !== upload.stored_as && (await findStored(disk, folders, upload)) !== undefined
}

function storedAs({ path }: Waiting, { sha256 }: Upload): Stored {
  return { path, sha256, isCompressed: false, place: 'inbox' }
}

/** Lets the reader go on with the file that is next, if it is one that the server has recorded. */
async function expect(work: UpdateDb, file: Waiting): Promise<void> {
  const upload = work.reader?.expect && (await work.ledger.uploads.findWaiting(file.name))
  if (upload === undefined || (await work.catalogue.findLoad(upload.sha256)) !== undefined) return
  work.reader?.expect?.(await orderFor(work, upload, storedAs(file, upload)))
}

/**
 * How an upload is loaded: what holds it (undefined: nothing), whether beyond the rights of its senders, and what is done once the reader
 * knows of it.
 */
type Manner = Readonly<{
  hold: Hold | undefined
  isUnlimited?: boolean
  ahead?: (() => Promise<void>) | undefined
}>

/** Loads the bytes of an upload into the catalogue. */
export async function loadUpload(
  work: UpdateDb,
  upload: Upload,
  stored: Stored,
  { hold, ahead, isUnlimited = false }: Manner,
): Promise<LoadRecord> {
  const within = await orderFor(work, upload, stored)
  const order = { ...within, hold, onlyFor: isUnlimited ? null : within.onlyFor }
  await work.ledger.uploads.markLoading(upload.id, work.now(), order.onlyFor)
  try {
    work.reader?.expect?.(order)
    await ahead?.()
    return await loadFile(work.catalogue, order)
  } catch (error) {
    await work.ledger.uploads.endAttempt(upload.id).catch(() => {})
    throw error
  }
}

/** What loading an upload takes. */
async function orderFor(work: UpdateDb, upload: Upload, stored: Stored): Promise<LoadOrder & { onlyFor: Rights }> {
  const { sha256, filename, received_at: receivedAt } = upload
  const note = (progress: LoadProgress) => writeProgress(work.disk, work.folders.data, progress)
  return {
    file: { sha256, filename, receivedAt },
    bytes: () => bytesOf(work.disk, stored),
    stored,
    onBytes: noteOf(upload, note),
    lineBytesMax: work.lineBytesMax,
    hold: work.hold,
    onlyFor: await work.ledger.rightsOver(upload.id),
    reader: work.reader,
    now: work.now,
  }
}

/** Makes the ledger say what became of an upload, puts its file where that belongs, and tells. */
export async function settle(
  work: UpdateDb,
  upload: Upload,
  stored: Stored | undefined,
  load: LoadRecord,
): Promise<void> {
  await work.ledger.uploads.settle(upload.id, load.state, load.result, work.now())
  if (stored !== undefined) await putAway(work.disk, work.folders, stored, load.state)
  work.log.info({ upload: upload.id, filename: upload.filename, state: load.state, ...load.result }, 'file dealt with')
  work.onFile(upload, load)
}

/**
 * Forgets an upload whose bytes the disk has damaged, and moves them aside: the sender, asking for it, learns that it is unknown here
 * and sends its own copy again (promise 2). A file that nobody sent may still be changing, and stays.
 */
async function giveUp(work: UpdateDb, file: Waiting, upload: Upload): Promise<void> {
  if (upload.wire_bytes !== null)
    await move(work.disk, file.path, work.folders.failed, [`${file.name}.damaged-${upload.id}`])
  await forget(work, upload, `${file.name} is damaged on disk`)
}

/** Forgets an upload whose bytes are lost: its sender, asking for it, learns to send it again. */
export async function forget(work: UpdateDb, upload: Upload, detail: string): Promise<void> {
  work.log.warn({ upload: upload.id, filename: upload.filename, detail }, 'upload forgotten')
  await work.ledger.lost.add(upload.id, detail, work.now())
  await work.ledger.audit({ at: work.now(), who: 'update-db', what: 'upload forgotten', about: upload.id, detail })
}

/**
 * An upload that waits and has no file in the inbox: it has been dealt with and only the ledger does not know, or its bytes are
 * lost. Then it is forgotten, for the sender would wait for ever; asking for it, it learns to send it again.
 */
async function mend(work: UpdateDb, upload: Upload): Promise<void> {
  const load = await work.catalogue.findLoad(upload.sha256)
  if (load !== undefined) await work.ledger.uploads.settle(upload.id, load.state, load.result, work.now())
  else await forget(work, upload, `${upload.stored_as} is no longer in the inbox`)
}

/** The upload a file belongs to. One that is just arriving, or that a person copied here by hand, gets one once it is still. */
async function uploadOf(work: UpdateDb, file: Waiting): Promise<Upload | undefined> {
  const known = await work.ledger.uploads.findWaiting(file.name)
  if (known !== undefined) return known
  // Either way: a time that lies ahead comes from another clock, and its day may be far off.
  if (Math.abs(work.now() - file.modifiedAt) < STILL_MS_MIN) return undefined
  const digest = await digestOfFile(work.disk, file.path)
  // The server may have been killed between giving the file its name and making that durable; a record must not outlive its file.
  await syncFolder(work.disk, work.folders.inbox)
  const { name: filename, name: stored_as, modifiedAt } = file
  const received_at = Math.min(Math.round(modifiedAt), work.now())
  return work.ledger.arrivals.recordFound({ id: uuid(), ...digest, filename, stored_as, wire_bytes: null, received_at })
}
