/**
 * The latest changes of uploads, in their order, whichever process made them: each is noted in the transaction that makes it
 * (migrations/sqlite/002-page.sql). Looking costs microseconds as long as nobody has written.
 */
import type { DatabaseSync } from 'node:sqlite'
import { openToLook } from '../database/look.ts'

/** The last change of an upload among some. */
export type Change = Readonly<{ number: number; uploadId: string }>

/** A look at the changes over a connection of its own, which sees what all others commit. */
export class Changes implements Disposable {
  readonly #connection: DatabaseSync
  #version: unknown

  /** Opens the ledger, which must exist, only to look. */
  constructor(ledgerPath: string) {
    this.#connection = openToLook(ledgerPath)
    this.#version = this.#dataVersion()
  }

  /** Whether anything was written to the ledger since this was asked last. */
  haveCome(): boolean {
    const version = this.#dataVersion()
    const isOther = version !== this.#version
    this.#version = version
    return isOther
  }

  /** The number of the latest change; 0 before the first. */
  latest(): number {
    return Number(this.#connection.prepare('select coalesce(max(id), 0) as id from upload_change').get()?.id)
  }

  /** The uploads that changed after one change and not after another, each with its last change, in that order. Undefined: not known any more. */
  between(after: number, until: number): Change[] | undefined {
    const sql = 'select id, upload_id from upload_change where id > ? and id <= ? order by id'
    const found = this.#connection.prepare(sql).all(after, until)
    // Numbers have no gaps: what is missing has been forgotten.
    if (found.length !== until - after) return undefined
    const last = new Map<string, number>()
    for (const { id, upload_id } of found) {
      last.delete(String(upload_id))
      last.set(String(upload_id), Number(id))
    }
    return Array.from(last, ([uploadId, number]) => ({ number, uploadId }))
  }

  [Symbol.dispose](): void {
    this.#connection.close()
  }

  #dataVersion(): unknown {
    return this.#connection.prepare('pragma data_version').get()?.data_version
  }
}
