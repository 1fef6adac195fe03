/** Files that are damaged here and requested from their senders again. The state of their uploads does not change. */
import type { LedgerDatabase } from './database.ts'
import type { Upload } from './uploads.ts'

const LISTED_MAX = 100

/** The requested files of a ledger. */
export class RequestedFiles {
  readonly #database: LedgerDatabase

  constructor(database: LedgerDatabase) {
    this.#database = database
  }

  /** Requests the file of an upload; false if it is requested already. */
  async add(upload_id: string, requested_at: number): Promise<boolean> {
    const insert = this.#database.insertInto('requested_file').values({ upload_id, requested_at })
    const added = insert.onConflict((conflict) => conflict.column('upload_id').doNothing()).returning('upload_id')
    return (await added.executeTakeFirst()) !== undefined
  }

  /** Whether the file of an upload is requested. */
  async has(uploadId: string): Promise<boolean> {
    const found = this.#database.selectFrom('requested_file').select('upload_id').where('upload_id', '=', uploadId)
    return (await found.executeTakeFirst()) !== undefined
  }

  /** The uploads a stored file may belong to, by its name: `x.jsonl`, or `x-<some of its SHA-256>.jsonl`. */
  findByStoredName(name: string): Promise<Upload[]> {
    const begins = /-([0-9a-f]{8,32})\.jsonl$/.exec(name)?.[1]
    return this.#database
      .selectFrom('upload')
      .selectAll()
      .where(({ eb, and, or }) => {
        const named = eb('stored_as', '=', name)
        if (begins === undefined) return named
        return or([named, and([eb('sha256', '>=', begins), eb('sha256', '<', `${begins}g`)])])
      })
      .execute()
  }

  /** Ends the request, because the file has arrived. */
  async remove(uploadId: string): Promise<void> {
    await this.#database.deleteFrom('requested_file').where('upload_id', '=', uploadId).execute()
  }

  /** Ends the requests of files that were loaded before a time: they are no longer kept anyway. */
  async removeLoadedBefore(time: number): Promise<void> {
    await this.#database
      .deleteFrom('requested_file')
      .where(({ exists, selectFrom }) =>
        exists(
          selectFrom('upload')
            .select('id')
            .whereRef('upload.id', '=', 'requested_file.upload_id')
            .where('state', '=', 'loaded')
            .where(({ fn }) => fn.coalesce('settled_at', 'received_at'), '<', time),
        ),
      )
      .execute()
  }

  /** The uploads whose files are requested from a key, latest request first; limited in number. */
  listFor(keyId: string): Promise<Upload[]> {
    return this.#database
      .selectFrom('requested_file')
      .innerJoin('upload', 'upload.id', 'requested_file.upload_id')
      .innerJoin('delivery', 'delivery.upload_id', 'upload.id')
      .selectAll('upload')
      .where('delivery.key_id', '=', keyId)
      .orderBy('requested_file.requested_at', 'desc')
      .orderBy('upload.id', 'desc')
      .limit(LISTED_MAX)
      .execute()
  }
}
