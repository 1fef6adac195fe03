/** What a scrape is called when nobody named it: `<company>-<store>-<date>.jsonl`, of characters every file system takes. */
import { faultOfFileName } from '@splitcart/shared/file-name.ts'
import type { Row } from '@splitcart/shared/row.ts'

const WORD_CHARACTERS_MAX = 20

/** The name of the scrape that a row belongs to. */
export function scrapeName(row: Pick<Row, 'company' | 'storeCode' | 'date'>): string {
  const name = `${wordOf(row.company)}-${wordOf(row.storeCode)}-${row.date}.jsonl`
  return faultOfFileName(name) === undefined ? name : unnamedScrape(row.date)
}

/** The name of a scrape of which no row tells the company. */
export function unnamedScrape(date: string): string {
  return `scrape-${date}.jsonl`
}

function wordOf(text: string): string {
  const word = text
    .toLowerCase()
    .replace(/[^\p{L}\p{M}\p{N}_]+/gu, '-')
    .replace(/^-+|-+$/g, '')
  // Cut between characters, never inside one: a character has up to four bytes, and 200 is the limit of the whole name.
  return [...word].slice(0, WORD_CHARACTERS_MAX).join('') || 'unknown'
}
