/** The search index in PostgreSQL: a text-search vector for each listing. */
import { idRecords, type ListingWords, records, type Statements, sql } from '../../load/statement.ts'

/** Writes the search words of listings; `words` null removes them. */
export async function writeSearchWords(database: Statements, words: readonly ListingWords[]): Promise<void> {
  const gone = words.filter((each) => each.words === null)
  if (gone.length > 0) {
    const ids = idRecords(gone.map(({ listingId }) => listingId))
    await database.run(sql`delete from listing_words where listing_id in (select id from ${ids})`)
  }
  const found = words.filter((each) => each.words !== null)
  const given = records('given', { listing_id: 'integer', words: 'text' }, [
    found.map(({ listingId }) => listingId),
    found.map((each) => each.words!.join(' ')),
  ])
  await database.run(
    sql`insert into listing_words select listing_id, array_to_tsvector(string_to_array(words, ' ')) from ${given}
      on conflict (listing_id) do update set words = excluded.words`,
  )
}
