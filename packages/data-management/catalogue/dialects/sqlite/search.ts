/** The search index in SQLite: an FTS5 table without the texts themselves. */
import type { SqliteDatabase } from '../../../database/sqlite.ts'
import type { ListingWords } from '../../load/statement.ts'

/** Writes the search words of listings; `words` null removes them. */
export function writeSearchWords(database: SqliteDatabase, words: readonly ListingWords[]): void {
  const write = database.statement('insert or replace into listing_words (rowid, words) values (?, ?)')
  // A listing without words is not found. It is not deleted: that would leave an internal id of FTS5, too large for a
  // number, as the last inserted id, which node:sqlite then refuses to read after every statement.
  for (const { listingId, words: each } of words) write.run(listingId, each === null ? '' : each.join(' '))
}
