/**
 * Processes the uploads that wait in an inbox of either form:
 *
 *   claim ─▶ load (one transaction) ─▶ the ledger says what became of it ─▶ finish: its file lies where that belongs
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
import { handOverFetched } from '../inbox/deliver.ts'
import { inboxOf } from '../inbox/folder/folder-inbox.ts'
import type { Claim, Inbox } from '../inbox/inbox.ts'
import type { SharedInbox } from '../inbox/jetstream/shared-inbox.ts'
import type { Ignored } from '../inbox/waiting.ts'
import type { Upload } from '../ledger/uploads.ts'
import { isNewerSchema } from '../schemas.ts'
import { isStillTrue, type LoadWork, loadUpload, orderFor } from './load-upload.ts'
import { deadlyReason, setAside } from './set-aside.ts'
import { Settling } from './settling.ts'

/** What update-db works with. */
export type UpdateDb = LoadWork &
  Readonly<{
    /** The kinds to load; default: products only. */
    kinds?: readonly LoadedKind[]
    /** Default: the folder. */
    inbox?: Inbox | undefined
    /** Called for each loaded file that is kept, with its size in bytes. */
    keeps?: ((path: string, bytes: number) => void) | undefined
    log: Log
    /** Called for each file that was processed. */
    onFile: (upload: Upload, load: LoadRecord) => void
  }>

/** What a loader of a fleet works with. */
export type FleetWork = UpdateDb & Readonly<{ inbox: SharedInbox }>

/** The counts of a pass. */
export type Pass = {
  loaded: number
  held: number
  failed: number
  rejected: number
  waiting: number
  ignored: Ignored[]
}

// How many times loaders may begin an upload before it is held for a person.
const TIMES_MAX = 10

/** The kinds that are loaded. */
export function kindsOf({ kinds = [PRODUCTS] }: Pick<UpdateDb, 'kinds'>): readonly LoadedKind[] {
  return kinds
}

/** Processes uploads one by one until none is left. Stops between two when the signal aborts. */
export async function processAll(work: UpdateDb, signal: AbortSignal): Promise<Pass> {
  const pass: Pass = { loaded: 0, held: 0, failed: 0, rejected: 0, waiting: 0, ignored: [] }
  await using settling = new Settling()
  const trouble: Trouble = { met: undefined, isLast: false }
  const processing = { ...work, pass, settling, signal, trouble }
  const claims = inboxOf(work).claims({
    kinds: kindsOf(work),
    now: work.now,
    signal,
    settled: () => settling.end(),
    ignore: (ignored) => pass.ignored.push(ignored),
    wait: (count) => {
      pass.waiting += count
    },
    log: work.log,
    failed: (name, error) => postpone(processing, name, error),
  })
  for await (const claim of claims) await tryToProcess(processing, claim)
  await settling.end()
  if (trouble.met !== undefined) throw trouble.met
  return pass
}

/** A database problem in this pass, and whether the last file met it. */
type Trouble = { met: Problem | undefined; isLast: boolean }

type Processing = UpdateDb & Readonly<{ pass: Pass; settling: Settling; signal: AbortSignal; trouble: Trouble }>

/** Processes an upload; one that fails is logged and tried again later, so that it does not block the others. */
async function tryToProcess(work: Processing, claim: Claim): Promise<void> {
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
function postpone({ log, pass, trouble }: Processing, filename: string, error: unknown): void {
  if (isNewerSchema(error)) throw error
  if (error instanceof Problem && isDatabaseFailure(error)) {
    if (trouble.isLast) throw error
    Object.assign(trouble, { met: error, isLast: true })
    pass.waiting++
    return
  }
  // A person may have taken it away; the next pass finds out.
  if (codeOf(error) === 'ENOENT') log.info({ filename }, 'file is gone meanwhile')
  else log.error({ err: error, filename }, 'file could not be loaded')
  pass.waiting++
}

async function processUpload(work: Processing, claim: Claim): Promise<void> {
  const { upload } = claim
  const before = await work.catalogue.findLoad(upload.sha256)
  const known = before && (await isStillTrue(work, upload, before)) ? before : undefined
  if (known !== undefined) return settleLater(work, claim, { load: known, wasLoaded: false })
  if (claim.bytes === 'elsewhere') {
    work.pass.waiting++
    return
  }
  if (claim.bytes === 'lost') return forget(work, upload, `${upload.stored_as} is no longer in the inbox`)
  const unfit = unfitReason(work, claim)
  if (unfit !== undefined) {
    await setAside(work, upload, unfit)
    await claim.finish('held', false)
    work.pass.held++
    return
  }
  await using opened = await claim.open()
  if (opened === undefined) {
    await forget(work, upload, 'its bytes are no longer in the inbox')
    return claim.finish('forgotten', false)
  }
  try {
    if (!isLoadedKind(upload.kind)) {
      await handOverFetched(work, upload, { stored: opened.stored, now: work.now() })
      return await claim.finish('delivered', false)
    }
    const ahead = () => readAhead(work, claim)
    const load = await loadUpload(work, upload, opened.stored, { hold: work.hold, ahead })
    await settleLater(work, claim, { load, wasLoaded: before !== undefined })
  } catch (error) {
    if (error instanceof DamagedFile) await giveUp(work, claim)
    throw error
  }
}

/** Why an upload is held for a person instead of being loaded again; undefined if it may be loaded. */
function unfitReason({ hold }: UpdateDb, { upload, times }: Claim): string | undefined {
  if (times > TIMES_MAX)
    return `Loading it was begun ${times - 1} times and never finished; the logs of the loaders say why.`
  return hold?.isReleased ? undefined : deadlyReason(upload)
}

/** Lets the reader read the next files ahead. */
async function readAhead(work: UpdateDb, { upload, following }: Claim): Promise<void> {
  if (work.reader?.expect === undefined || upload.kind !== PRODUCTS) return
  for (let next = await following?.(); next !== undefined; next = await following?.()) {
    if ((await work.catalogue.findLoad(next.upload.sha256)) !== undefined) continue
    work.reader.expect(await orderFor(work, next.upload, next.stored))
  }
}

/** Settles an upload, concurrently with the next load if the inbox allows it. */
async function settleLater(
  work: Processing,
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
  if (!claim.isHeld) await settling.add(done, (error) => postpone(work, claim.upload.filename, error))
  else await done()
}

/** Records the result of a load in the ledger, once the catalogue is durable. */
export async function settle(work: UpdateDb, { id }: Upload, { state, result }: LoadRecord): Promise<void> {
  await work.catalogue.durable()
  await work.ledger.uploads.settle(id, state, result, work.now())
}

/** Logs the result of a load and calls `onFile`. */
export function reportLoad({ log, onFile }: UpdateDb, upload: Upload, load: LoadRecord): void {
  // What is held or failed waits for a person.
  const level = load.state === 'loaded' ? 'info' : 'warn'
  log[level]({ upload: upload.id, filename: upload.filename, state: load.state, ...load.result }, 'file dealt with')
  onFile(upload, load)
}

/**
 * Forgets an upload whose bytes the disk has damaged, and moves them aside: the sender, asking for it, learns that it is unknown here
 * and sends its own copy again (promise 2).
 */
async function giveUp(work: UpdateDb, claim: Claim): Promise<void> {
  await claim.fail()
  await forget(work, claim.upload, `${claim.upload.stored_as} is damaged`)
}

/** Forgets an upload whose bytes are lost: its sender, asking for it, learns to send it again. */
export async function forget(work: UpdateDb, upload: Upload, detail: string): Promise<void> {
  work.log.warn({ upload: upload.id, filename: upload.filename, detail }, 'upload forgotten')
  await work.ledger.lost.add(upload.id, detail, work.now())
  await work.ledger.audit({ at: work.now(), who: 'update-db', what: 'upload forgotten', about: upload.id, detail })
}
