/**
 * `update-db --products`: brings every file of the inbox into the catalogue, oldest first.
 *
 *   inbox ─▶ load (one transaction) ─▶ ledger says what became of it ─▶ file is put away
 *              └──▶ the next load, beside that
 *
 * A crash between two of these steps is mended by doing the rest: a file whose load is on record is not loaded again.
 */
import { digestOfFile } from '@splitcart/shared/digest.ts'
import { codeOf } from '@splitcart/shared/disk.ts'
import { move, remove, syncFolder } from '@splitcart/shared/durable-file.ts'
import { type LoadedKind, PRODUCTS } from '@splitcart/shared/kinds.ts'
import type { Log } from '@splitcart/shared/log.ts'
import { v7 as uuid } from 'uuid'
import type { Catalogue } from '../catalogue/catalogue.ts'
import type { LoadRecord } from '../catalogue/loads.ts'
import { foldersOfKind } from '../folders.ts'
import type { Inbox } from '../inbox/inbox.ts'
import { PLACE_OF, putAway } from '../inbox/put-away.ts'
import { DamagedFile, findStored, type Stored } from '../inbox/stored.ts'
import { type Ignored, type Waiting, waitingIn } from '../inbox/waiting.ts'
import type { Upload } from '../ledger/uploads.ts'
import { isNewerSchema } from '../schemas.ts'
import { type LoadWork, loadOf, loadUpload, orderFor } from './load-upload.ts'
import { deadlyReason, setAside } from './set-aside.ts'
import { Settling } from './settling.ts'
import { inTurns } from './turns.ts'

/** What update-db works with. */
export type UpdateDb = LoadWork &
  Readonly<{
    /** Which kinds are loaded; where nothing is said, products alone. */
    kinds?: readonly LoadedKind[]
    /** Where nothing is said, the folder. */
    inbox?: Inbox | undefined
    log: Log
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
  ignored: Ignored[]
}

/** What only one loader with the same ledger does at a time: another one would take what lies here for lost. */
export const LOADING_FROM_A_FOLDER = 'loading from a folder'

/** A file that nobody sent is being copied by a person: it is left until it has been still for so long. */
export const STILL_MS_MIN = 2_000

const SENDERS_AT_ONCE = 500

/**
 * Deals with every file that is in the inboxes now, kind by kind, and by turns of those who sent them. Stops between two files when the
 * signal aborts.
 */
export async function updateDb(work: UpdateDb, signal: AbortSignal): Promise<Pass> {
  await work.catalogue.settle()
  await applySaid(work)
  await work.ledger.checkWritable()
  await work.ledger.uploads.endAttempts()
  const pass: Pass = { loaded: 0, held: 0, failed: 0, rejected: 0, waiting: 0, ignored: [] }
  await using settling = new Settling()
  for (const kind of kindsOf(work)) {
    const folders = foldersOfKind(work.folders, kind)
    await loadKind({ ...work, kind, folders, pass, settling }, signal)
    await settling.end()
  }
  return pass
}

const applied = new WeakMap<Catalogue, string>()

/** Brings what people have said into the catalogue, where that is something else than with the pass before. */
async function applySaid({ ledger, catalogue }: Pick<UpdateDb, 'ledger' | 'catalogue'>): Promise<void> {
  const version = `${await ledger.verdicts.version()} ${await ledger.storeMerges.version()}`
  if (applied.get(catalogue) === version) return
  await catalogue.mergeStores(await ledger.storeMerges.current())
  const current = await ledger.verdicts.current()
  await catalogue.judge(current.map(({ one, other, verdict }) => ({ one, other, isSame: verdict === 'same' })))
  applied.set(catalogue, version)
}

/** The kinds that are loaded. */
export function kindsOf({ kinds = [PRODUCTS] }: Pick<UpdateDb, 'kinds'>): readonly LoadedKind[] {
  return kinds
}

async function loadKind(work: Passing, signal: AbortSignal): Promise<void> {
  const { pass, kind } = work
  // Asked first: what is recorded by now has its file, or has lost it.
  const open = (await work.ledger.uploads.open()).filter((upload) => upload.kind === kind)
  const { files: found, ignored } = await waitingIn(work.disk, work.folders.inbox)
  pass.ignored.push(...ignored)
  const files = await inTurnsOfSenders(work, found, open)
  const names = new Set(files.map(({ name }) => name))
  for (const upload of open) if (!names.has(upload.stored_as)) await mend(work, upload)
  for (const [index, file] of files.entries()) {
    const [following] = files.slice(index + 1)
    const isTaken = !signal.aborted && (await tryToDealWith(work, file, following))
    if (!isTaken) pass.waiting++
  }
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

/** A pass over the files of a kind, whose folders these are, while it is made. */
type Passing = UpdateDb & Readonly<{ kind: LoadedKind; pass: Pass; settling: Settling }>

/** One file that cannot be read must not keep the others waiting: it stays where it is, and the log says why. False: it stays. */
async function tryToDealWith(work: Passing, file: Waiting, following: Waiting | undefined): Promise<boolean> {
  try {
    return await dealWith(work, file, following)
  } catch (error) {
    if (isNewerSchema(error)) throw error
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
  if (upload.kind !== work.kind) {
    work.pass.ignored.push({ name: file.name, reason: `its bytes came as ${upload.kind}: the upload ${upload.id}` })
    return false
  }
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
async function expect(work: Passing, file: Waiting): Promise<void> {
  const reads = work.kind === PRODUCTS && work.reader?.expect !== undefined
  const upload = reads ? await work.ledger.uploads.findWaiting(file.name, work.kind) : undefined
  if (upload === undefined || (await work.catalogue.findLoad(upload.sha256)) !== undefined) return
  work.reader?.expect?.(await orderFor(work, upload, storedAs(file, upload)))
}

/** Makes the ledger say what became of an upload, puts its file where that belongs, and tells. */
export async function settle(
  work: UpdateDb,
  upload: Upload,
  stored: Stored | undefined,
  load: LoadRecord,
): Promise<void> {
  await work.catalogue.durable()
  await work.ledger.uploads.settle(upload.id, load.state, load.result, work.now())
  if (stored !== undefined) await putAway(work.disk, foldersOfKind(work.folders, upload.kind), stored, load.state)
  // What is held or failed waits for a person.
  const level = load.state === 'loaded' ? 'info' : 'warn'
  work.log[level](
    { upload: upload.id, filename: upload.filename, state: load.state, ...load.result },
    'file dealt with',
  )
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
  const load = await loadOf(work, upload)
  if (load !== undefined) await work.ledger.uploads.settle(upload.id, load.state, load.result, work.now())
  else await forget(work, upload, `${upload.stored_as} is no longer in the inbox`)
}

/** The upload a file belongs to. One that is just arriving, or that a person copied here by hand, gets one once it is still. */
async function uploadOf(work: Passing, file: Waiting): Promise<Upload | undefined> {
  const known = await work.ledger.uploads.findWaiting(file.name, work.kind)
  if (known !== undefined) return known
  // Either way: a time that lies ahead comes from another clock, and its day may be far off.
  if (Math.abs(work.now() - file.modifiedAt) < STILL_MS_MIN) return undefined
  const digest = await digestOfFile(work.disk, file.path)
  // The server may have been killed between giving the file its name and making that durable; a record must not outlive its file.
  await syncFolder(work.disk, work.folders.inbox)
  const { name: filename, name: stored_as, modifiedAt } = file
  const received_at = Math.min(Math.round(modifiedAt), work.now())
  const about = { filename, stored_as, wire_bytes: null, received_at, kind: work.kind }
  return work.ledger.arrivals.recordFound({ id: uuid(), ...digest, ...about })
}
