/** Counts the runs and contested rows that use each label. An unused label is not part of the catalogue. */
import { type LoadDatabase, type Statement, sql } from './statement.ts'

/** Adds to the use counts. `changes` has the columns label_id and uses. */
export async function addLabelUses(database: LoadDatabase, changes: Statement): Promise<void> {
  await database.run(
    sql`insert into label_use (label_id, uses)
      select label_id, sum(uses) from (${changes}) as changed where true group by label_id
      on conflict (label_id) do update set uses = label_use.uses + excluded.uses`,
  )
}

/** The same, but uses may be negative. Labels that lose uses are added to `unused`. */
export async function adjustLabelUses(database: LoadDatabase, changes: Statement): Promise<void> {
  await database.run(
    sql`insert into unused select distinct label_id from (${changes}) as changed where uses < 0 on conflict do nothing`,
  )
  await addLabelUses(database, changes)
}
