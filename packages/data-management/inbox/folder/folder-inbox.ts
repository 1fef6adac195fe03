/** The inbox that is a folder for each kind, with the folders beside it that files are moved to. */
import { join } from 'node:path'
import { publish, removeIfThere, syncFolder } from '@splitcart/shared/durable-file.ts'
import { candidateNames } from '@splitcart/shared/file-name.ts'
import { isLoadedKind } from '@splitcart/shared/kinds.ts'
import { isLocked } from '@splitcart/shared/lock.ts'
import { foldersOfKind } from '../../folders.ts'
import type { RecordedUpload } from '../../ledger/arrivals.ts'
import { UPDATE_DB_LOCK } from '../../lock-names.ts'
import { handOver } from '../hand-over.ts'
import type { Claim, ClaimPass, Inbox, InboxStatus, OpenedFile, ReceivedFile } from '../inbox.ts'
import { restoreFile } from '../request-again.ts'
import { findStored, storedFileExists, type UploadLocator } from '../stored.ts'
import { type FolderStores, folderClaims } from './folder-claims.ts'

/** A folder as an inbox. */
export class FolderInbox implements Inbox {
  readonly isShared = false
  readonly #stores: FolderStores

  constructor({ disk, folders, ledger, onKept }: FolderStores) {
    this.#stores = { disk, folders, ledger, onKept }
  }

  async arrive({ part, arrival, keyId, known }: ReceivedFile): Promise<RecordedUpload> {
    const { disk, folders, ledger } = this.#stores
    const { kind, sha256, filename } = arrival
    if (!isLoadedKind(kind)) return handOver(this.#stores, { ...arrival, state: 'delivered' }, { part, keyId })
    const { inbox } = foldersOfKind(folders, kind)
    if (known !== undefined && !(await ledger.arrivals.mustBeStoredAgain(known, { keyId, kind }))) {
      if (await ledger.requestedFiles.has(known.id)) await restoreFile(this.#stores, part, known)
      await removeIfThere(disk, part)
      // The server that put these bytes there may have died before it synced the folder.
      await syncFolder(disk, inbox)
      return ledger.arrivals.record({ ...arrival, stored_as: known.stored_as }, keyId, false)
    }
    await ledger.arrivals.recordArriving(arrival, keyId)
    // Bytes that are on record keep their name: their earlier copy is found by it.
    const published = await publish(disk, part, inbox, candidateNames(known?.stored_as ?? filename, sha256))
    // The same bytes may have arrived under another name at the same time. Then update-db removes one of the two copies:
    // if anybody else removed names from the inbox, it might be a file that has just arrived under the same name.
    return ledger.arrivals.record({ ...arrival, stored_as: published.name }, keyId, true)
  }

  async open(upload: UploadLocator): Promise<OpenedFile | undefined> {
    const stored = await findStored(this.#stores.disk, this.#stores.folders, upload)
    return stored === undefined ? undefined : { stored, [Symbol.asyncDispose]: async () => {} }
  }

  has(upload: UploadLocator): Promise<boolean> {
    return storedFileExists(this.#stores.disk, this.#stores.folders, upload)
  }

  claims(claiming: ClaimPass): AsyncGenerator<Claim> {
    return folderClaims(this.#stores, claiming)
  }

  /** Counts the files of the folder, so that those a person copied there, not yet in the ledger, are included. */
  async status(): Promise<InboxStatus> {
    const { disk, folders } = this.#stores
    const names = await disk.readdir(folders.inbox)
    const files = names.filter((name) => name.endsWith('.jsonl') && !name.startsWith('.')).length
    return { files, hasLoader: isLocked(join(folders.data, UPDATE_DB_LOCK)), work: undefined }
  }
}

/** The given inbox; default: the folder. */
export function inboxOf(work: FolderStores & Readonly<{ inbox?: Inbox | undefined }>): Inbox {
  return work.inbox ?? new FolderInbox(work)
}
