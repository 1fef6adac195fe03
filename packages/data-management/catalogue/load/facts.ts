/**
 * Facts from list files: each row states a fact and the date it is about. Every fact is kept with its load; the newest
 * one counts, by date, then receipt of its file, then SHA-256. So the result does not depend on the order of loading.
 */
import { type LoadChange, nothingApplied } from '../loads.ts'
import { applyBarcodes, insertBarcodes, withdrawBarcodes } from './barcode-facts.ts'
import type { BarcodeFact, StoreFact } from './fact.ts'
import type { RegroupLimits } from './regrouped.ts'
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

  /** How many facts were inserted. Of several about the same store or SKU and date, only the first one is. */
  get insertedCount(): number {
    return this.#kept
  }

  async addStores(facts: readonly StoreFact[]): Promise<void> {
    this.#kept += await insertStores(this.#database, this.#loadId, facts)
  }

  async addBarcodes(facts: readonly BarcodeFact[]): Promise<void> {
    this.#kept += await insertBarcodes(this.#database, this.#loadId, facts)
  }

  /** Applies the facts where they are the newest. */
  async apply(limits: RegroupLimits): Promise<LoadChange> {
    const stores = await applyStores(this.#database, this.#loadId)
    const barcodes = await applyBarcodes(this.#database, this.#loadId, limits)
    const inserted = stores.inserted + barcodes.inserted
    const changed = stores.changed + barcodes.changed
    return {
      ...nothingApplied(),
      inserted,
      changed,
      unchanged: this.#kept - inserted - changed,
      regrouped: limits.regrouped,
    }
  }
}

/** Removes the facts of a load; those of other loads then count. The caller has exclusive access to the catalogue. */
export async function withdrawFacts(database: LoadDatabase, loadId: number): Promise<void> {
  await withdrawStores(database, loadId)
  await withdrawBarcodes(database, loadId)
}
