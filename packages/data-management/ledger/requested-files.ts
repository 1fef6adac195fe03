/** The files that are damaged here, and that those who sent them are asked for. What their uploads are does not change by that. */
import type { LedgerDatabase } from './database.ts'
import type { Upload } from './uploads.ts'

const TOLD_MAX = 100

/** The requested files of a ledger. */
export class RequestedFiles {
  readonly #database: LedgerDatabase

  constructor(database: LedgerDatabase) {
    this.#database = database
  }

  /** Requests the file of an upload; false: it was requested before. */
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

  /** The uploads that a file may have come with, by the name under which it lies: `x.jsonl`, or `x-<some of its SHA-256>.jsonl`. */
  uploadsNamed(name: string): Promise<Upload[]> {
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

  /** It is here again. */
  async remove(uploadId: string): Promise<void> {
    await this.#database.deleteFrom('requested_file').where('upload_id', '=', uploadId).execute()
  }

  /** What was loaded before a time is no longer kept: nobody is asked for it any more. */
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

  /** The uploads whose files a key is asked for, those first that were requested last; some of them where they are many. */
  of(keyId: string): Promise<Upload[]> {
    return this.#database
      .selectFrom('requested_file')
      .innerJoin('upload', 'upload.id', 'requested_file.upload_id')
      .innerJoin('delivery', 'delivery.upload_id', 'upload.id')
      .selectAll('upload')
      .where('delivery.key_id', '=', keyId)
      .orderBy('requested_file.requested_at', 'desc')
      .orderBy('upload.id', 'desc')
      .limit(TOLD_MAX)
      .execute()
  }
}
