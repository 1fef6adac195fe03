/** Scrapes of invented chains with drift, chain by chain: what they show is made anew each time it is asked for, so memory stays small. */
import { type Store, storesOf } from '../../packages/generator/chains.ts'
import { isScraped, missingRowsTest, placesScraped } from '../../packages/generator/drift.ts'
import { MEASURED_DRIFT, type Plan, planOf } from '../../packages/generator/plan.ts'
import { rowsOf, scrapeOf } from '../../packages/generator/scrapes.ts'
import type { Line } from './columns.ts'
import type { ScrapeFile } from './scrape-files.ts'

/** The scrapes of a chain in the order of their dates. `partial`: those that broke off or lack a category, by their names. */
export type ChainScrapes = Readonly<{ files: readonly ScrapeFile[]; partial: ReadonlySet<string> }>

/** How much is invented. */
export type Invented = Pick<Plan, 'companies' | 'stores' | 'days' | 'products' | 'seed'>

const NO_PLACE = Number.MAX_SAFE_INTEGER

/** The chains of a plan, one after the other. */
export function* chainsOf(invented: Invented): Generator<ChainScrapes> {
  const plan = planOf({ ...invented, drift: MEASURED_DRIFT })
  const chains = Map.groupBy(storesOf(plan), ({ chain }) => chain.index)
  for (const stores of chains.values()) yield scrapesOfChain(plan, stores)
}

function scrapesOfChain(plan: Plan, stores: readonly Store[]): ChainScrapes {
  const files: ScrapeFile[] = []
  const partial = new Set<string>()
  for (let day = 0; day < plan.days; day++)
    for (const store of stores) {
      if (!isScraped(plan, store, day)) continue
      const { fileName: name } = scrapeOf(plan, store, day)
      files.push({
        name,
        get lines() {
          return [...rowsOf(plan, store, day)] as readonly Line[]
        },
      })
      if (isPartial(plan, store, day)) partial.add(name)
    }
  return { files, partial }
}

function isPartial(plan: Plan, store: Store, day: number): boolean {
  const isLost = missingRowsTest(plan, store, day)
  return placesScraped(plan, store, day, NO_PLACE) < NO_PLACE || LOSABLE.some((category) => isLost([category]))
}

const LOSABLE = ['Bakery', 'Drinks', 'Pets', 'Baby', 'Freezer', 'Fruit & Vegetables']
