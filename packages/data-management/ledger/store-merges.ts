/** Shops that are known under two codes, as people have said. Nothing is ever removed: a merge that is undone stays, with who did so. */
import { foldedCode } from '@splitcart/shared/codes.ts'
import type { Selectable } from 'kysely'
import type { StoreAlias } from '../catalogue/catalogue.ts'
import type { LedgerDatabase, LedgerTables } from './database.ts'

/** A merge on record: the store that `code` names is the one that `into` names. */
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

/** What somebody says. */
export type NewStoreMerge = Pick<StoreMerge, 'company' | 'code' | 'into' | 'at' | 'who' | 'reason'>

/** The merges of a ledger. */
export class StoreMerges {
  readonly #database: LedgerDatabase

  constructor(database: LedgerDatabase) {
    this.#database = database
  }

  /** Puts a merge on record and returns its id. */
  async merge({ company, code, into, ...rest }: NewStoreMerge): Promise<number> {
    const folded = { company: foldedCode(company), code: foldedCode(code), into_code: foldedCode(into) }
    const made = await this.#database
      .insertInto('store_merge')
      .values({ ...folded, ...rest })
      .returning('id')
      .executeTakeFirstOrThrow()
    return Number(made.id)
  }

  /** Undoes a merge; false when there is none of this id that counts. */
  async undo(id: number, who: string, at: number): Promise<boolean> {
    const undone = await this.#database
      .updateTable('store_merge')
      .set({ undone_at: at, undone_by: who })
      .where('id', '=', id)
      .where('undone_at', 'is', null)
      .executeTakeFirst()
    return Number(undone.numUpdatedRows) === 1
  }

  /** All merges on record, the newest first. */
  async list(): Promise<StoreMerge[]> {
    return (await this.#database.selectFrom('store_merge').selectAll().orderBy('id', 'desc').execute()).map(recordOf)
  }

  /** Which code leads where in the end, by the merges that count. */
  async current(): Promise<StoreAlias[]> {
    return aliasesBy((await this.list()).filter(({ undoneAt }) => undoneAt === null).reverse())
  }

  /** Changes whenever stores are merged or a merge is undone. */
  async version(): Promise<string> {
    const found = await this.#database
      .selectFrom('store_merge')
      .select(({ fn }) => [fn.max('id').as('last'), fn.count('undone_at').as('undone')])
      .executeTakeFirst()
    return `${found?.last ?? 0} ${found?.undone ?? 0}`
  }
}

/** Each code with the one that it leads to in the end. Of two merges of one code the first counts, and none that would lead in a circle. */
export function aliasesBy(merges: readonly Pick<StoreMerge, 'company' | 'code' | 'into'>[]): StoreAlias[] {
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
