/** Honest scrapes, loaded in one order or another: none of them may be held. */
import { Believed } from './believed.ts'
import { judgeReading, type Reading, readingOf, type ScrapeFile } from './scrape-files.ts'

/** What became of them. */
export type Order = Readonly<{ falseHolds: readonly string[]; partialHeld: number }>

/** The day on which all of them are received. */
export const RECEIVED_ON = new Date().toISOString().slice(0, 10)

/** Loads them. */
export class HonestOrders {
  readonly readings: ReadonlyMap<ScrapeFile, Reading>
  readonly #isPartial: (name: string) => boolean

  constructor(files: readonly ScrapeFile[], isPartial: (name: string) => boolean) {
    this.#isPartial = isPartial
    this.readings = new Map(files.map((file) => [file, readingOf(file.lines, RECEIVED_ON)]))
  }

  get partial(): number {
    return [...this.readings.keys()].filter((file) => this.isPartial(file)).length
  }

  /** Whether a file is known not to be honest. */
  isPartial({ name }: ScrapeFile): boolean {
    return this.#isPartial(name)
  }

  /** Loads the files in an order. */
  load(files: readonly ScrapeFile[]): Order {
    const believed = new Believed()
    const falseHolds: string[] = []
    let partialHeld = 0
    for (const file of files) {
      const reading = this.readings.get(file)!
      const verdicts = judgeReading(reading, (scrape) => believed.referencesOf(scrape))
      const holding = verdicts.find(({ held }) => held)
      if (holding === undefined) for (const scrape of reading.scrapes) believed.add(scrape)
      else if (this.isPartial(file)) partialHeld++
      else falseHolds.push(`${file.name} is held (${holding.rule}): ${holding.sentence}`)
    }
    return { falseHolds, partialHeld }
  }
}
