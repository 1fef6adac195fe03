/** What listings are found by in SQLite: an FTS5 table without the texts themselves. */
import type { SqliteDatabase } from '../../../database/sqlite.ts'
import type { ListingWords } from '../../load/statement.ts'

/** Writes the words of listings. */
export function writeWords(database: SqliteDatabase, words: readonly ListingWords[]): void {
  const write = database.statement('insert or replace into listing_words (rowid, words) values (?, ?)')
  // Without words it is not found. It is not deleted: that leaves an inner id of FTS5, beyond what a number holds, as the last one
  // inserted, which node:sqlite then refuses to read after every statement.
  for (const { listingId, words: each } of words) write.run(listingId, each === null ? '' : each.join(' '))
}
