/** Default name of a scrape: `<company>-<store>-<date>.jsonl`, in characters that every file system accepts. */
import { faultOfFileName } from '@splitcart/shared/file-name.ts'
import type { Row } from '@splitcart/shared/row.ts'

const WORD_CHARACTERS_MAX = 20

/** The name of the scrape that a row belongs to. */
export function scrapeName(row: Pick<Row, 'company' | 'storeCode' | 'date'>): string {
  const name = `${wordOf(row.company)}-${wordOf(row.storeCode)}-${row.date}.jsonl`
  return faultOfFileName(name) === undefined ? name : unnamedScrape(row.date)
}

/** Name of a scrape whose company is unknown. */
export function unnamedScrape(date: string): string {
  return `scrape-${date}.jsonl`
}

function wordOf(text: string): string {
  const word = text
    .toLowerCase()
    .replace(/[^\p{L}\p{M}\p{N}_]+/gu, '-')
    .replace(/^-+|-+$/g, '')
  // Cut between code points: each has up to four bytes, and the whole name may have 200.
  return [...word].slice(0, WORD_CHARACTERS_MAX).join('') || 'unknown'
}
