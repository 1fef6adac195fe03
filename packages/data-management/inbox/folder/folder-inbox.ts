/** The inbox that is a folder for each kind, with the folders beside it that files are moved to. */
import { join } from 'node:path'
import { publish, removeIfThere, syncFolder } from '@splitcart/shared/durable-file.ts'
import { candidateNames } from '@splitcart/shared/file-name.ts'
import { isLoadedKind } from '@splitcart/shared/kinds.ts'
import { isLocked } from '@splitcart/shared/lock.ts'
import { foldersOfKind } from '../../folders.ts'
import type { Recorded } from '../../ledger/arrivals.ts'
import { UPDATE_DB_LOCK } from '../../lock-names.ts'
import { handOver } from '../deliver.ts'
import type { Claim, Claiming, Inbox, Named, Opened, Pending, Received } from '../inbox.ts'
import { restoreFile } from '../request-again.ts'
import { findStored, liesInFolders } from '../stored.ts'
import { claimsIn, type FolderStores } from './folder-claims.ts'

/** A folder as an inbox. */
export class FolderInbox implements Inbox {
  readonly isShared = false
  readonly #place: FolderStores

  constructor({ disk, folders, ledger, keeps }: FolderStores) {
    this.#place = { disk, folders, ledger, keeps }
  }

  async arrive({ part, arrival, keyId, known }: Received): Promise<Recorded> {
    const { disk, folders, ledger } = this.#place
    const { kind, sha256, filename } = arrival
    if (!isLoadedKind(kind)) return handOver(this.#place, { ...arrival, state: 'delivered' }, { part, keyId })
    const { inbox } = foldersOfKind(folders, kind)
    if (known !== undefined && !(await ledger.arrivals.isWantedAgain(known, { keyId, kind }))) {
      if (await ledger.requestedFiles.has(known.id)) await restoreFile(this.#place, part, known)
      await removeIfThere(disk, part)
      // Whoever put these bytes there may have died before this.
      await syncFolder(disk, inbox)
      return ledger.arrivals.record({ ...arrival, stored_as: known.stored_as }, keyId, false)
    }
    await ledger.arrivals.arrive(arrival, keyId)
    // Bytes that are on record keep their name: their earlier copy is found by it.
    const published = await publish(disk, part, inbox, candidateNames(known?.stored_as ?? filename, sha256))
    // Somebody may have sent the same bytes under another name at the same time, and been first. Then there are two copies, and update-db
    // takes one away: only it takes names out of the inbox, or it could take away what has come under the name meanwhile.
    return ledger.arrivals.record({ ...arrival, stored_as: published.name }, keyId, true)
  }

  async open(upload: Named): Promise<Opened | undefined> {
    const stored = await findStored(this.#place.disk, this.#place.folders, upload)
    return stored === undefined ? undefined : { stored, [Symbol.asyncDispose]: async () => {} }
  }

  has(upload: Named): Promise<boolean> {
    return liesInFolders(this.#place.disk, this.#place.folders, upload)
  }

  claims(claiming: Claiming): AsyncGenerator<Claim> {
    return claimsIn(this.#place, claiming)
  }

  /** Counts the files of the folder, so that those a person copied there, not yet in the ledger, are included. */
  async pending(): Promise<Pending> {
    const { disk, folders } = this.#place
    const names = await disk.readdir(folders.inbox)
    const files = names.filter((name) => name.endsWith('.jsonl') && !name.startsWith('.')).length
    return { files, hasLoader: isLocked(join(folders.data, UPDATE_DB_LOCK)), work: undefined }
  }
}

/** The given inbox; default: the folder. */
export function inboxOf(work: FolderStores & Readonly<{ inbox?: Inbox | undefined }>): Inbox {
  return work.inbox ?? new FolderInbox(work)
}
