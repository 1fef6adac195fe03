/** That the types of the published writer are those of the writer: checked by the compiler, never run. */
import type { JsonlWriter } from '@splitcart/scraping/jsonl-writer.ts'
import type * as published from './jsonl-writer.d.ts'

/** What is made is what is promised. */
export function isAsPromised(writer: JsonlWriter): Omit<published.JsonlWriter, never> {
  return writer
}

/** What is taken is what is promised to be taken. */
export function takesWhatIsPromised(row: published.ScrapedRow): Parameters<JsonlWriter['write']> {
  return [row]
}
