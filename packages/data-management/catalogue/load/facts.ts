/**
 * What feeds say: each row is a fact with the date it speaks of. Every fact is kept with its load; what holds now is what the newest says,
 * by date, then by when its file was received, then by the file's SHA-256. So it follows from the set of files, in whatever order they come.
 */
import { type Applied, nothingApplied } from '../loads.ts'
import { applyBarcodes, insertBarcodes, withdrawBarcodes } from './barcode-facts.ts'
import type { BarcodeFact, StoreFact } from './fact.ts'
import type { Watch } from './regrouped.ts'
import type { LoadDatabase } from './statement.ts'
import { applyStores, insertStores, withdrawStores } from './store-facts.ts'

/** The facts of one file while it is loaded. */
export class Facts {
  readonly #database: LoadDatabase
  readonly #loadId: number
  #kept = 0

  constructor(database: LoadDatabase, loadId: number) {
    this.#database = database
    this.#loadId = loadId
  }

  /** How many were put in: a second one of the same thing and date is not, the first counts. */
  get kept(): number {
    return this.#kept
  }

  async addStores(facts: readonly StoreFact[]): Promise<void> {
    this.#kept += await insertStores(this.#database, this.#loadId, facts)
  }

  async addBarcodes(facts: readonly BarcodeFact[]): Promise<void> {
    this.#kept += await insertBarcodes(this.#database, this.#loadId, facts)
  }

  /** Makes what the facts say hold where it is the newest. */
  async apply(watch: Watch): Promise<Applied> {
    const stores = await applyStores(this.#database, this.#loadId)
    const barcodes = await applyBarcodes(this.#database, this.#loadId, watch)
    const inserted = stores.inserted + barcodes.inserted
    const changed = stores.changed + barcodes.changed
    return {
      ...nothingApplied(),
      inserted,
      changed,
      unchanged: this.#kept - inserted - changed,
      regrouped: watch.regrouped,
    }
  }
}

/** Takes the facts of a load out again; what the others say holds then. The caller has the catalogue to himself. */
export async function withdrawFacts(database: LoadDatabase, loadId: number): Promise<void> {
  await withdrawStores(database, loadId)
  await withdrawBarcodes(database, loadId)
}
