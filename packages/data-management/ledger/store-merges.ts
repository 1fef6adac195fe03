/** Merges, by people, of stores that have two codes. Rows are never deleted: an undone one stays, with who undid it. */
import { foldedCode } from '@splitcart/shared/codes.ts'
import type { Selectable } from 'kysely'
import type { StoreAlias } from '../catalogue/catalogue.ts'
import type { LedgerDatabase, LedgerTables } from './database.ts'
import { undoRecord, versionOfRecords } from './undo-record.ts'

/** A merge on record: the store `code` is the same as the store `into`. */
export type StoreMerge = Readonly<{
  id: number
  company: string
  code: string
  into: string
  at: number
  who: string
  reason: string | null
  undoneAt: number | null
  undoneBy: string | null
}>

/** A merge to record. */
export type NewStoreMerge = Pick<StoreMerge, 'company' | 'code' | 'into' | 'at' | 'who' | 'reason'>

/** The merges of a ledger. */
export class StoreMerges {
  readonly #database: LedgerDatabase

  constructor(database: LedgerDatabase) {
    this.#database = database
  }

  /** Records a merge and returns its id. */
  async merge({ company, code, into, ...rest }: NewStoreMerge): Promise<number> {
    const folded = { company: foldedCode(company), code: foldedCode(code), into_code: foldedCode(into) }
    const made = await this.#database
      .insertInto('store_merge')
      .values({ ...folded, ...rest })
      .returning('id')
      .executeTakeFirstOrThrow()
    return Number(made.id)
  }

  /** Undoes a merge, and audits it; false if there is none with this id, or it is undone already. */
  async undo(id: string, who: string, at: number): Promise<boolean> {
    return await undoRecord(this.#database, 'store_merge', { id, who, at })
  }

  /** All merges on record, the newest first. */
  async list(): Promise<StoreMerge[]> {
    return (await this.#database.selectFrom('store_merge').selectAll().orderBy('id', 'desc').execute()).map(recordOf)
  }

  /** Each merged code with its final code, by the merges in force. */
  async current(): Promise<StoreAlias[]> {
    return resolveAliases((await this.list()).filter(({ undoneAt }) => undoneAt === null).reverse())
  }

  /** A version text, different after each merge or undo. */
  async version(): Promise<string> {
    return await versionOfRecords(this.#database, 'store_merge')
  }
}

/** Each code with its final code. Of two merges of one code the first counts; one that closes a cycle is ignored. */
export function resolveAliases(merges: readonly Pick<StoreMerge, 'company' | 'code' | 'into'>[]): StoreAlias[] {
  const next = new Map<string, string>()
  const keyOf = (company: string, code: string) => JSON.stringify([company, code])
  const endOf = (company: string, code: string): string => {
    const following = next.get(keyOf(company, code))
    return following === undefined ? code : endOf(company, following)
  }
  const counted = merges.filter(({ company, code, into }) => {
    const isNew = !next.has(keyOf(company, code)) && endOf(company, into) !== code
    if (isNew) next.set(keyOf(company, code), into)
    return isNew
  })
  return counted.map(({ company, code }) => ({ company, code, into: endOf(company, code) }))
}

function recordOf({
  id,
  into_code,
  undone_at,
  undone_by,
  ...record
}: Selectable<LedgerTables['store_merge']>): StoreMerge {
  return { ...record, id: Number(id), into: into_code, undoneAt: undone_at, undoneBy: undone_by }
}
