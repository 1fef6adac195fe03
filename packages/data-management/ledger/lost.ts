/**
 * Uploads whose bytes, or whose load, could not be found. The server answers that they are unknown, so that their
 * senders send them again; their records are kept here in case the bytes turn up elsewhere.
 */
import type { LedgerDatabase, LedgerTables } from './database.ts'
import type { Upload } from './uploads.ts'

type Delivery = LedgerTables['delivery']

/** The last record of a lost upload, and its deliveries. */
export type LostUpload = Readonly<{ upload: Upload; deliveries: readonly Delivery[] }>

/** The lost uploads of a ledger. */
export class LostUploads {
  readonly #database: LedgerDatabase

  constructor(database: LedgerDatabase) {
    this.#database = database
  }

  /** Moves an upload to the lost ones. */
  async add(id: string, reason: string, at: number): Promise<void> {
    await this.#database.transaction().execute(async (transaction) => {
      const upload = await transaction.selectFrom('upload').selectAll().where('id', '=', id).executeTakeFirst()
      if (upload === undefined) return
      const deliveries = await transaction.selectFrom('delivery').selectAll().where('upload_id', '=', id).execute()
      const texts = { upload: JSON.stringify(upload), deliveries: JSON.stringify(deliveries) }
      await transaction
        .insertInto('lost')
        .values({ id, sha256: upload.sha256, ...texts, reason, lost_at: at })
        .execute()
      await transaction.deleteFrom('delivery').where('upload_id', '=', id).execute()
      await transaction.deleteFrom('upload').where('id', '=', id).execute()
    })
  }

  /** At most `limit` lost uploads with ids above `behind`, by id. */
  async list(after: string, limit: number): Promise<LostUpload[]> {
    const found = await this.#database
      .selectFrom('lost')
      .selectAll()
      .where('id', '>', after)
      .orderBy('id')
      .limit(limit)
      .execute()
    return found.map(parseLost)
  }

  /** Restores a lost upload to the record it had. */
  async restore({ upload }: LostUpload): Promise<void> {
    await this.#database.transaction().execute(async (transaction) => {
      const lost = await removeLost(transaction, upload.sha256)
      if (lost === undefined) return
      await transaction.insertInto('upload').values(lost.upload).execute()
      if (lost.deliveries.length > 0)
        await transaction
          .insertInto('delivery')
          .values([...lost.deliveries])
          .execute()
    })
  }
}

/** Removes and returns the record of lost bytes that have arrived again. */
export async function removeLost(database: LedgerDatabase, sha256: string): Promise<LostUpload | undefined> {
  const found = await database.deleteFrom('lost').where('sha256', '=', sha256).returningAll().executeTakeFirst()
  return found && parseLost(found)
}

/** The lost upload with these bytes. */
export async function findLost(database: LedgerDatabase, sha256: string): Promise<Upload | undefined> {
  const found = await database.selectFrom('lost').selectAll().where('sha256', '=', sha256).executeTakeFirst()
  return found && parseLost(found).upload
}

function parseLost({ upload, deliveries }: LedgerTables['lost']): LostUpload {
  return { upload: JSON.parse(upload), deliveries: JSON.parse(deliveries) }
}
