/**
 * Judges files one after the other before they are sent: each against the server's references, if available, and
 * against earlier files of this process that were not held.
 */
import { foldedCode } from '@splitcart/shared/codes.ts'
import type { FileScrape } from '@splitcart/shared/truth/file-figures.ts'
import { isHolding } from '@splitcart/shared/truth/finding.ts'
import type { Reference, References } from '@splitcart/shared/truth/rule-input.ts'
import type { Thresholds } from '@splitcart/shared/truth/thresholds.ts'
import { type Baseline, type CheckedFile, checkFile, NO_BASELINE } from './check-file.ts'

/** Check settings. `askServer`: fetches the server's baseline; undefined if the server does not give one. */
export type CheckRequest = Readonly<{
  thresholds: Thresholds
  now: () => number
  askServer?: (scrape: FileScrape) => Promise<Baseline | undefined>
}>

const DATES_MAX = 10

/** Judges files, and remembers those that nothing held as references. */
export class ScrapeCheck {
  readonly #request: CheckRequest
  /** The references of each store, the newest first. */
  readonly #references = new Map<string, readonly Reference[]>()

  constructor(request: CheckRequest) {
    this.#request = request
  }

  /** Reads and judges a file; if no verdict holds it, later files are compared with it too. */
  async check(path: string): Promise<CheckedFile> {
    const { thresholds, now } = this.#request
    const on = new Date(now()).toISOString().slice(0, 10)
    const scrapes: FileScrape[] = []
    const baselineOf = (scrape: FileScrape) => {
      scrapes.push(scrape)
      return this.#baselineOf(scrape)
    }
    const checked = await checkFile(path, { thresholds, on, baselineOf })
    if (!checked.verdicts.some(isHolding)) for (const scrape of scrapes) this.#addReference(scrape)
    return checked
  }

  async #baselineOf(scrape: FileScrape): Promise<Baseline> {
    const local = this.#referencesAmong(scrape)
    const { references, beliefs } = (await this.#request.askServer?.(scrape)) ?? NO_BASELINE
    const isNewer = local.own !== undefined && local.own.date >= (references.own?.date ?? '')
    if (!isNewer) return { references, beliefs }
    const usual = [...local.usual, ...references.usual].slice(0, DATES_MAX)
    const newest = [local.newest, references.newest].filter((date) => date !== undefined).toSorted()
    return { references: { ...references, own: local.own, usual, newest: newest.at(-1) }, beliefs }
  }

  /** References for a store from the earlier files. */
  #referencesAmong(scrape: FileScrape): References {
    const own = (this.#references.get(keyOfStore(scrape)) ?? []).filter(({ date }) => date < scrape.date)
    const [newest] = own
    if (newest === undefined) return NO_BASELINE.references
    return { own: newest, usual: own.map(({ figures }) => figures.rows), newest: newest.date, sisters: [] }
  }

  /** Adds a scrape as a reference; keeps the newest DATES_MAX of each store. */
  #addReference(scrape: FileScrape): void {
    const key = keyOfStore(scrape)
    const { storeName: store, date, maker } = scrape
    const ofStore = [...(this.#references.get(key) ?? []), { store, date, figures: maker.figures() }]
    const newestFirst = ofStore.toSorted((one, other) => (one.date < other.date ? 1 : -1))
    this.#references.set(key, newestFirst.slice(0, DATES_MAX))
  }
}

function keyOfStore({ company, store }: FileScrape): string {
  return JSON.stringify([foldedCode(company), foldedCode(store)])
}
