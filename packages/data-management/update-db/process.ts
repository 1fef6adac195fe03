/**
 * Processes the uploads that wait in an inbox of either form:
 *
 *   claim ─▶ load (one transaction) ─▶ its result in the ledger ─▶ finish: its file is moved
 *
 * After a crash between two steps the remaining ones are done: an upload whose load is on record is not loaded again.
 */
import { codeOf } from '@splitcart/shared/disk.ts'
import { isLoadedKind, type LoadedKind, PRODUCTS } from '@splitcart/shared/kinds.ts'
import type { Log } from '@splitcart/shared/log.ts'
import { DamagedFile } from '@splitcart/shared/packed/damage.ts'
import { Problem } from '@splitcart/shared/problem.ts'
import type { LoadRecord } from '../catalogue/loads.ts'
import { isDatabaseFailure } from '../database/postgres-problems.ts'
import { inboxOf } from '../inbox/folder/folder-inbox.ts'
import { handOverFetched } from '../inbox/hand-over.ts'
import type { Claim, Inbox } from '../inbox/inbox.ts'
import type { SharedInbox } from '../inbox/jetstream/shared-inbox.ts'
import type { IgnoredEntry } from '../inbox/waiting.ts'
import type { Upload } from '../ledger/uploads.ts'
import { isNewerSchema } from '../schemas.ts'
import { holdForPerson, tooManyDeathsReason } from './hold-for-person.ts'
import { isLoadCurrent, type LoadContext, loadRequestFor, loadUpload } from './load-upload.ts'
import { SettleQueue } from './settling.ts'

/** What a loader needs. */
export type LoaderContext = LoadContext &
  Readonly<{
    /** The kinds to load; default: products only. */
    kinds?: readonly LoadedKind[]
    /** Default: the folders of this machine. */
    inbox?: Inbox | undefined
    /** Called for each loaded file that is kept, with its size in bytes. */
    onKept?: ((path: string, bytes: number) => void) | undefined
    log: Log
    /** Called for each file that was processed. */
    onFile: (upload: Upload, load: LoadRecord) => void
  }>

/** What a loader of a fleet needs. */
export type FleetLoaderContext = LoaderContext & Readonly<{ inbox: SharedInbox }>

/** The counts of a pass. */
export type PassCounts = {
  loaded: number
  held: number
  failed: number
  rejected: number
  waiting: number
  ignored: IgnoredEntry[]
}

// How many times loaders may begin an upload before it is held for a person.
const CLAIMS_MAX = 10

/** The kinds that are loaded. */
export function loadedKinds({ kinds = [PRODUCTS] }: Pick<LoaderContext, 'kinds'>): readonly LoadedKind[] {
  return kinds
}

/** Processes uploads one by one until none is left. Stops between two when the signal aborts. */
export async function processAll(work: LoaderContext, signal: AbortSignal): Promise<PassCounts> {
  const pass: PassCounts = { loaded: 0, held: 0, failed: 0, rejected: 0, waiting: 0, ignored: [] }
  await using settling = new SettleQueue()
  const trouble: DatabaseFailure = { problem: undefined, isLast: false }
  const processing = { ...work, pass, settling, signal, trouble }
  const claims = inboxOf(work).claims({
    kinds: loadedKinds(work),
    now: work.now,
    signal,
    untilSettled: () => settling.end(),
    onIgnored: (ignored) => pass.ignored.push(ignored),
    onWaiting: (count) => {
      pass.waiting += count
    },
    log: work.log,
    onFailed: (name, error) => postpone(processing, name, error),
  })
  for await (const claim of claims) await tryToProcess(processing, claim)
  await settling.end()
  if (trouble.problem !== undefined) throw trouble.problem
  return pass
}

/** A database problem in this pass, and whether the last file had it. */
type DatabaseFailure = { problem: Problem | undefined; isLast: boolean }

type PassContext = LoaderContext &
  Readonly<{ pass: PassCounts; settling: SettleQueue; signal: AbortSignal; trouble: DatabaseFailure }>

/** Processes an upload; one that fails is logged and tried again later, so that it does not block the others. */
async function tryToProcess(work: PassContext, claim: Claim): Promise<void> {
  try {
    await claim.attempt(() => processUpload(work, claim))
    work.trouble.isLast = false
  } catch (error) {
    claim.release(work.signal.aborted || isNewerSchema(error))
    postpone(work, claim.upload.filename, error)
  }
}

/**
 * Leaves a file to the next pass. Errors that all files would meet end this pass: a newer schema, or database trouble
 * for two files in a row. A single file may just be too large for the database, and does not block the others.
 */
function postpone({ log, pass, trouble }: PassContext, filename: string, error: unknown): void {
  if (isNewerSchema(error)) throw error
  if (error instanceof Problem && isDatabaseFailure(error)) {
    if (trouble.isLast) throw error
    trouble.problem = error
    trouble.isLast = true
    pass.waiting++
    return
  }
  // A person may have taken it away; the next pass finds out.
  if (codeOf(error) === 'ENOENT') log.info({ filename }, 'file is gone meanwhile')
  else log.error({ err: error, filename }, 'file could not be loaded')
  pass.waiting++
}

async function processUpload(work: PassContext, claim: Claim): Promise<void> {
  const { upload } = claim
  const before = await work.catalogue.findLoad(upload.sha256)
  const known = before && (await isLoadCurrent(work, upload, before)) ? before : undefined
  if (known !== undefined) return settleLater(work, claim, { load: known, wasLoaded: false })
  if (claim.bytes === 'elsewhere') {
    work.pass.waiting++
    return
  }
  if (claim.bytes === 'lost') return forgetUpload(work, upload, `${upload.stored_as} is no longer in the inbox`)
  const unfit = reasonToHold(work, claim)
  if (unfit !== undefined) {
    await holdForPerson(work, upload, unfit)
    await claim.finish('held', false)
    work.pass.held++
    return
  }
  await using opened = await claim.open()
  if (opened === undefined) {
    await forgetUpload(work, upload, 'its bytes are no longer in the inbox')
    return claim.finish('forgotten', false)
  }
  try {
    if (!isLoadedKind(upload.kind)) {
      await handOverFetched(work, upload, { stored: opened.stored, now: work.now() })
      return await claim.finish('delivered', false)
    }
    const onAnnounced = () => readAhead(work, claim)
    const load = await loadUpload(work, upload, opened.stored, { hold: work.hold, onAnnounced })
    await settleLater(work, claim, { load, wasLoaded: before !== undefined })
  } catch (error) {
    if (error instanceof DamagedFile) await forgetDamaged(work, claim)
    throw error
  }
}

/** Why an upload is held for a person instead of being loaded again; undefined if it may be loaded. */
function reasonToHold({ hold }: LoaderContext, { upload, timesClaimed }: Claim): string | undefined {
  if (timesClaimed > CLAIMS_MAX)
    return `Loading it was begun ${timesClaimed - 1} times and never finished; the logs of the loaders say why.`
  return hold?.isReleased ? undefined : tooManyDeathsReason(upload)
}

/** Lets the reader read the next files ahead. */
async function readAhead(work: LoaderContext, { upload, nextToReadAhead }: Claim): Promise<void> {
  if (work.reader?.expect === undefined || upload.kind !== PRODUCTS) return
  for (let next = await nextToReadAhead?.(); next !== undefined; next = await nextToReadAhead?.()) {
    if ((await work.catalogue.findLoad(next.upload.sha256)) !== undefined) continue
    work.reader.expect(await loadRequestFor(work, next.upload, next.stored))
  }
}

/** Settles an upload, concurrently with the next load if the inbox allows it. */
async function settleLater(
  work: PassContext,
  claim: Claim,
  { load, wasLoaded }: Readonly<{ load: LoadRecord; wasLoaded: boolean }>,
): Promise<void> {
  const { pass, settling } = work
  const done = async () => {
    await settle(work, claim.upload, load)
    await claim.finish(load.state, wasLoaded)
    reportLoad(work, claim.upload, load)
    pass[load.state]++
    pass.rejected += load.result.rejected
  }
  if (!claim.blocksNext) await settling.add(done, (error) => postpone(work, claim.upload.filename, error))
  else await done()
}

/** Records the result of a load in the ledger, once the catalogue is durable. */
export async function settle(work: LoaderContext, { id }: Upload, { state, result }: LoadRecord): Promise<void> {
  await work.catalogue.durable()
  await work.ledger.uploads.settle(id, state, result, work.now())
}

/** Logs the result of a load and calls `onFile`. */
export function reportLoad({ log, onFile }: LoaderContext, upload: Upload, load: LoadRecord): void {
  // What is held or failed waits for a person.
  const level = load.state === 'loaded' ? 'info' : 'warn'
  log[level]({ upload: upload.id, filename: upload.filename, state: load.state, ...load.result }, 'file dealt with')
  onFile(upload, load)
}

/**
 * Forgets an upload whose bytes the disk has damaged, and moves them aside: its sender learns that it is unknown here
 * when it asks for the result, and sends its own copy again.
 */
async function forgetDamaged(work: LoaderContext, claim: Claim): Promise<void> {
  await claim.removeDamaged()
  await forgetUpload(work, claim.upload, `${claim.upload.stored_as} is damaged`)
}

/** Forgets an upload whose bytes are lost: its sender, asking for it, learns to send it again. */
export async function forgetUpload(work: LoaderContext, upload: Upload, detail: string): Promise<void> {
  work.log.warn({ upload: upload.id, filename: upload.filename, detail }, 'upload forgotten')
  await work.ledger.lost.add(upload.id, detail, work.now())
  await work.ledger.audit({ at: work.now(), who: 'update-db', what: 'upload forgotten', about: upload.id, detail })
}
