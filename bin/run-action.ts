/** Carries out an action on an upload: by a running update-db, or else in this process. */
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { isSetUp } from '@splitcart/data-management/doctor/doctor.ts'
import type { SharedInbox } from '@splitcart/data-management/inbox/jetstream/shared-inbox.ts'
import type { UploadAction } from '@splitcart/data-management/ledger/database.ts'
import type { Upload } from '@splitcart/data-management/ledger/uploads.ts'
import { UPDATE_DB_LOCK } from '@splitcart/data-management/lock-names.ts'
import { runActions } from '@splitcart/data-management/update-db/actions.ts'
import { MAINTENANCE } from '@splitcart/data-management/update-db/maintenance.ts'
import type { LoaderContext } from '@splitcart/data-management/update-db/process.ts'
import { FOLDER_LOADER_LOCK } from '@splitcart/data-management/update-db/update-db.ts'
import { type Lock, takeLock } from '@splitcart/shared/lock.ts'
import { checkPrivate } from '@splitcart/shared/private-folder.ts'
import { Problem } from '@splitcart/shared/problem.ts'
import type { UploadState } from '@splitcart/shared/receipt.ts'
import type { Settings } from '@splitcart/shared/settings.ts'
import type { Repair } from '@splitcart/shared/truth/finding.ts'
import type { DataManagement } from './data-management.ts'
import { openInbox } from './fleet.ts'
import { operatorName } from './operator.ts'
import { stopSignal, type Terminal } from './terminal.ts'
import { updateDbContext } from './update-db-work.ts'

const POLL_MS = 200

/**
 * An action on an upload (named by its id, SHA-256 or file name) and its reason; `from`: the required state;
 * `isLimited`: a load limited to the rights of its senders.
 */
export type RequestedAction = Readonly<{
  action: UploadAction
  upload: string
  reason: string
  from?: UploadState
  isLimited?: boolean
  repair?: Repair | null
}>

/** Requests the action, waits until it is done, and returns the upload. */
export async function runAction(
  machine: DataManagement,
  settings: Settings,
  wanted: RequestedAction,
  terminal: Terminal,
): Promise<Upload> {
  const upload = await requireUpload(machine, wanted.upload)
  if (wanted.from !== undefined && upload.state !== wanted.from)
    throw new Problem('state_other', `${upload.filename} is ${upload.state}, not ${wanted.from}`)
  await machine.ledger.uploads.requestAction(upload.id, { ...wanted, by: operatorName() })
  await using runner = await ActionRunner.begin(machine, settings, terminal)
  await runner.waitUntilDone([upload.id], terminal)
  const now = await machine.ledger.uploads.find(upload.id)
  if (now === undefined) throw new Problem('not_found', `the upload ${upload.id} is gone`)
  return now
}

/** Carries out requested actions one after the other. */
export class ActionRunner implements AsyncDisposable {
  /** Aborts when the process is asked to stop: the requested action remains, and the next update-db runs it. */
  readonly signal = stopSignal()
  readonly work: LoaderContext
  readonly #machine: DataManagement
  readonly #inbox: SharedInbox | undefined
  /** Whether this process can run actions; false if the files are neither here nor in a fleet's inbox. */
  readonly #isHere: boolean
  #isTold = false

  private constructor(machine: DataManagement, work: LoaderContext, inbox: SharedInbox | undefined, isHere: boolean) {
    this.#machine = machine
    this.work = { ...work, inbox }
    this.#inbox = inbox
    this.#isHere = isHere
  }

  static async begin(machine: DataManagement, settings: Settings, terminal: Terminal): Promise<ActionRunner> {
    const isHere = await isSetUp(machine.disk, machine.folders.data)
    if (isHere) await checkPrivate(machine.disk, Object.values(machine.folders))
    const inbox = await openInbox(machine, settings)
    return new ActionRunner(machine, updateDbContext(machine, settings, terminal, {}), inbox, isHere)
  }

  /** Waits until these uploads have no pending action, or the process is asked to stop. */
  async waitUntilDone(ids: readonly string[], terminal: Terminal): Promise<void> {
    for (;;) {
      if (this.#isHere) await runHere(this.#machine, this.work, this.signal)
      const uploads = await this.#machine.ledger.uploads.findAll(ids)
      if (this.signal.aborted || uploads.every(({ action }) => action === null)) return
      if (!this.#isTold) terminal.note('asking the update-db that is at work …')
      this.#isTold = true
      await sleep(POLL_MS, undefined, { signal: this.signal }).catch(() => {})
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#inbox?.[Symbol.asyncDispose]()
  }
}

/** Runs pending actions, unless a running loader does. */
async function runHere(machine: DataManagement, work: LoaderContext, signal: AbortSignal): Promise<void> {
  const run = () => runActions(work, signal)
  if (work.inbox?.isShared) {
    await machine.ledger.withExclusiveLock(MAINTENANCE, run)
    return
  }
  using lock = lockIfFree(machine)
  if (lock !== undefined) await machine.ledger.withExclusiveLock(FOLDER_LOADER_LOCK, run)
}

/** Finds an upload by id, SHA-256 or file name. Throws `not_found`, also if a file name matches several. */
export async function requireUpload({ ledger }: DataManagement, text: string): Promise<Upload> {
  const [upload, other] = await ledger.uploads.findByReference(text)
  if (upload === undefined)
    throw new Problem('not_found', `no upload has the id, SHA-256 or file name ${JSON.stringify(text)}`)
  if (other !== undefined)
    throw new Problem('not_found', `several uploads have the file name ${JSON.stringify(text)}; use the id`)
  return upload
}

function lockIfFree({ folders }: DataManagement): Lock | undefined {
  try {
    return takeLock(join(folders.data, UPDATE_DB_LOCK), 'another update-db works on this inbox')
  } catch (error) {
    if (error instanceof Problem && error.code === 'locked') return undefined
    throw error
  }
}
