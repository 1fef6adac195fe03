/** Labels written by an older version have no digest: they are compared by content, and then get their digest. */
import { batchesOf } from './batches.ts'
import { type ParsedLabel, parseLabel } from './listing-cache.ts'
import { ensureCategories } from './names.ts'
import type { NewLabel } from './row-batch.ts'
import { records, type Statements, sql } from './statement.ts'

/** A stored label without a digest, and a read label that may be the same. */
export type OlderLabel = Readonly<{ id: number; label: NewLabel }>

type OlderLabelRow = Omit<ParsedLabel, 'path'> & Readonly<{ place: number; category: number | null }>

/** Sets the ids of the labels that exist already. */
export async function matchOlderLabels(database: Statements, older: readonly OlderLabel[]): Promise<void> {
  for (const batch of batchesOf(older, ({ label }) => label.text.length)) {
    const same = await findEqualLabels(database, batch)
    for (const { id, label } of same) label.id = id
    const known = records('known', { id: 'integer', digest: 'text' }, [
      same.map(({ id }) => id),
      same.map(({ label }) => label.digest),
    ])
    await database.run(sql`update label set digest = known.digest from ${known} where label.id = known.id`)
  }
}

async function findEqualLabels(database: Statements, older: readonly OlderLabel[]): Promise<OlderLabel[]> {
  const sorted = older.toSorted((one, other) => one.id - other.id)
  const parsed = sorted.map(({ label }) => parseLabel(label))
  const categories = await ensureCategories(
    database,
    parsed.map(({ path }) => path),
  )
  const wanted = records('wanted', { place: 'integer', id: 'integer' }, [
    sorted.map((_, place) => place),
    sorted.map(({ id }) => id),
  ])
  const stored = await database.all<OlderLabelRow>(
    sql`select wanted.place, label.name, label.key, brand.name as brand, label.barcode, label.size, label.url,
        label.image_url as "pictureUrl", label.details, label.category_id as category
      from ${wanted} join label on label.id = wanted.id left join brand on brand.id = label.brand_id`,
  )
  return stored
    .filter(({ place, category, ...text }) => category === categories[place]! && haveEqualFields(text, parsed[place]!))
    .map(({ place }) => sorted[place]!)
}

function haveEqualFields(one: Omit<ParsedLabel, 'path'>, other: ParsedLabel): boolean {
  return (Object.keys(one) as (keyof typeof one)[]).every((field) => one[field] === other[field])
}
