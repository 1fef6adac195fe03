/** Lies that are really told: uploaded to a server and loaded by its loader, which must say what the judge alone said. */
import { realDisk } from '@splitcart/shared/disk.ts'
import { openLog } from '@splitcart/shared/log.ts'
import { defaultThresholds } from '@splitcart/shared/truth/thresholds.ts'
import { receiptOf } from '../../packages/data-management/ledger/receipt-of.ts'
import { Chance } from '../../packages/data-management/test/random.ts'
import { openReceiver, postGzip, type Receiver } from '../../packages/data-management/test/receiver.ts'
import { runLoaderPass } from '../../packages/data-management/update-db/update-db.ts'
import { Believed } from './believed.ts'
import type { Line } from './columns.ts'
import { RECEIVED_ON } from './honest.ts'
import { LIES } from './lies.ts'
import { judgeReading, readingOf, type ScrapeFile } from './scrape-files.ts'
import { dayBehind } from './tally.ts'

const NEVER = new AbortController().signal

/** Tells lies about a scrape on the day after it; returns how many, and a sentence for each that ended otherwise. */
export async function tellReally(file: ScrapeFile, seed: number, count: number) {
  const chance = new Chance(seed)
  const { lines } = file
  const honest = readingOf(lines, RECEIVED_ON)
  const faults: string[] = []
  let told = 0
  for (const [index, name] of chance.shuffled(Object.keys(LIES)).entries()) {
    if (told === count) break
    const lied = LIES[name]!.lie(lines, new Chance(seed + index))
    if (lied === undefined) continue
    told++
    const believed = new Believed()
    for (const scrape of honest.scrapes) believed.add(scrape)
    const later = lied.map(onTheDayAfter)
    const verdicts = judgeReading(readingOf(later, RECEIVED_ON), (scrape) => believed.referencesOf(scrape))
    const expected = verdicts.some(({ held }) => held)
    const { state, rules } = await loadedReally(lines, later)
    const isSame = expected ? state === 'held' || state === 'failed' : state === 'loaded'
    if (!isSame)
      faults.push(
        `${file.name}, ${name}: ${state} (${rules.join(', ')}), and the judge ${expected ? 'holds' : 'loads'} it`,
      )
  }
  return { told, faults }
}

function onTheDayAfter({ product, metadata }: Line): Line {
  const scraped_date = dayBehind(String(metadata.scraped_date))
  return {
    product: 'scraped_date' in product ? { ...product, scraped_date } : product,
    metadata: { ...metadata, scraped_date },
  }
}

async function loadedReally(honest: readonly Line[], lied: readonly Line[]) {
  await using receiver = await openReceiver()
  await sent(receiver, 'honest.jsonl.gz', honest)
  const id = await sent(receiver, 'lie.jsonl.gz', lied)
  const upload = await receiver.ledger.uploads.find(id)
  const { state, findings = [] } = receiptOf(upload!, false)
  return { state, rules: findings.map(({ rule }) => rule) }
}

async function sent(receiver: Receiver, name: string, lines: readonly Line[]): Promise<string> {
  const { body } = await postGzip(receiver, name, lines.map((line) => `${JSON.stringify(line)}\n`).join(''))
  const { folders, ledger, catalogue } = receiver
  const hold = { thresholds: defaultThresholds(), isReleased: false }
  const rest = { lineBytesMax: 1024 * 1024, hold, log: openLog('silent'), now: Date.now, onFile: () => {} }
  await runLoaderPass({ disk: realDisk(), folders, ledger, catalogue, ...rest }, NEVER)
  return body.id ?? ''
}
