/**
 * What people say of two listings binds the listings, whatever files say; it can be taken back; and it depends on no order. More of the
 * same on both databases, and a seed again: `npm run torture -- verdicts --seed N --stories 1`.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readRevision } from '../catalogue/queries/revision.ts'
import { databasesOfFile } from './catalogues.ts'
import { faultOfVerdicts } from './verdict-case.ts'

const STORIES = { SQLite: 15, PostgreSQL: 2 }
const CODES = ['1', '2']

for (const { name, skip, open } of databasesOfFile()) {
  test(`${name}: ${STORIES[name]} random stories of files, verdicts and undos, in random orders, are as the rules say`, {
    skip,
  }, async () => {
    for (let seed = 1; seed <= STORIES[name]; seed++)
      assert.equal(await faultOfVerdicts(seed, [open]), undefined, `seed ${seed}`)
  })

  test(`${name}: stories that once found a fault stay mended`, { skip }, async () => {
    // The number of a product was that of a listing that a person had put there, and that an undone load took away.
    assert.equal(await faultOfVerdicts(113, [open, open]), undefined)
  })

  test(`${name}: what people say makes another state of the catalogue, and the same said again does not`, {
    skip,
  }, async () => {
    await using catalogue = await open()
    const [one, other] = CODES.map((code) => ({ company: 'aldi', byName: 0 as const, code }))
    const states = [await readRevision(catalogue.database)]
    for (const said of [
      [{ one: one!, other: other!, isSame: true }],
      [{ one: one!, other: other!, isSame: true }],
      [],
    ]) {
      await catalogue.replaceVerdicts(said)
      states.push(await readRevision(catalogue.database))
    }
    assert.equal(states[1], states[2])
    assert.equal(new Set(states).size, 3)
  })
}
