/** The ids of companies, stores, brands and categories by their names; made where they are new. Remembers the latest ones. */
import type { SqliteDatabase, Value } from '../database/sqlite.ts'

const REMEMBERED_MAX = 50_000

/** Finds and makes ids. */
export class Names {
  readonly #database: SqliteDatabase
  readonly #remembered = new Map<string, number>()

  constructor(database: SqliteDatabase) {
    this.#database = database
  }

  company(code: string): number {
    return this.#id(`company\0${code}`, () =>
      this.#findOrMake('select id from company where code = ?', 'insert into company (code) values (?) returning id', [
        code,
      ]),
    )
  }

  store(companyId: number, code: string, name: string): number {
    return this.#id(`store\0${companyId}\0${code}`, () => {
      const found = this.#database.get<{ id: number }>(
        'select id from store where company_id = ? and code = ?',
        companyId,
        code,
      )
      if (found !== undefined) return found.id
      const sql = 'insert into store (company_id, code, name) values (?, ?, ?) returning id'
      return this.#database.get<{ id: number }>(sql, companyId, code, name)!.id
    })
  }

  brand(name: string | null): number | null {
    if (name === null) return null
    return this.#id(`brand\0${name}`, () =>
      this.#findOrMake('select id from brand where name = ?', 'insert into brand (name) values (?) returning id', [
        name,
      ]),
    )
  }

  /** The last category of a path; the ones above it are made too. */
  category(path: readonly string[]): number | null {
    if (path.length === 0) return null
    return this.#id(`category\0${path.join('\0')}`, () => {
      const parent = this.category(path.slice(0, -1))
      return this.#findOrMake(
        'select id from category where coalesce(parent_id, 0) = coalesce(?, 0) and name = ?',
        'insert into category (parent_id, name) values (?, ?) returning id',
        [parent, path.at(-1)!],
      )
    })
  }

  #id(key: string, find: () => number): number {
    let id = this.#remembered.get(key)
    if (id === undefined) {
      id = find()
      if (this.#remembered.size >= REMEMBERED_MAX) this.#remembered.clear()
      this.#remembered.set(key, id)
    }
    return id
  }

  #findOrMake(find: string, make: string, values: Value[]): number {
    const found =
      this.#database.get<{ id: number }>(find, ...values) ?? this.#database.get<{ id: number }>(make, ...values)
    return found!.id
  }
}
