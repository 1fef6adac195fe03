/** What people say of two listings binds the listings, whatever files say; it can be taken back; and it depends on no order. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Said } from '../catalogue/catalogue.ts'
import { revisionOf } from '../catalogue/queries/revision.ts'
import { databasesOfFile } from './catalogues.ts'
import { historyOf } from './histories.ts'
import { faultOf, loadWhole } from './history-case.ts'
import { Chance } from './random.ts'

const STORIES = { SQLite: 15, PostgreSQL: 2 }
const COMPANIES = ['aldi', 'iga']
const CODES = ['1', '2', '3', '4', '007', 'a 1']

/** Verdicts of listings that may be there. */
function verdictsOf(chance: Chance): Said[] {
  const nameOne = () => ({ company: chance.of(COMPANIES), byName: 0 as const, code: chance.of(CODES) })
  const said = Array.from({ length: chance.between(1, 6) }, () => ({
    one: nameOne(),
    other: nameOne(),
    isSame: chance.is(0.5),
  }))
  const byPair = new Map(
    said.map((each) => [
      [each.one, each.other]
        .map(({ company, code }) => `${company} ${code}`)
        .sort()
        .join(),
      each,
    ]),
  )
  return [...byPair.values()].filter(({ one, other }) => JSON.stringify(one) !== JSON.stringify(other))
}

/** The same by the names that the naive model has for listings. */
function naive(said: readonly Said[]) {
  const nameOf = ({ company, byName, code }: Said['one']) => `${company}\0${byName}${code}`
  return said.map(({ one, other, isSame }) => ({ one: nameOf(one), other: nameOf(other), isSame }))
}

for (const { name, skip, open } of databasesOfFile()) {
  test(`${name}: ${STORIES[name]} random stories of files, verdicts and undos, in random orders, are as the rules say`, {
    skip,
  }, async () => {
    for (let seed = 1; seed <= STORIES[name]; seed++) {
      const chance = new Chance(seed)
      const files = chance.shuffled(historyOf(seed)).slice(0, 6)
      const said = verdictsOf(chance)
      await using catalogue = await open()
      const at = chance.between(0, files.length)
      for (const [place, file] of files.entries()) {
        if (place === at) await catalogue.judge(said)
        await loadWhole(catalogue, file)
      }
      if (at === files.length) await catalogue.judge(said)
      assert.equal(await faultOf(catalogue, files, naive(said)), undefined, `seed ${seed}`)
      const [undone, ...left] = files
      if (undone === undefined) continue
      await catalogue.undo(undone.sha256, 'for a test', 0)
      assert.equal(await faultOf(catalogue, left, naive(said)), undefined, `seed ${seed}, undone`)
      const few = said.slice(1)
      await catalogue.judge(few)
      assert.equal(await faultOf(catalogue, left, naive(few)), undefined, `seed ${seed}, taken back`)
    }
  })

  test(`${name}: what people say makes another state of the catalogue, and the same said again does not`, {
    skip,
  }, async () => {
    await using catalogue = await open()
    const [one, other] = CODES.map((code) => ({ company: 'aldi', byName: 0 as const, code }))
    const states = [await revisionOf(catalogue.database)]
    for (const said of [
      [{ one: one!, other: other!, isSame: true }],
      [{ one: one!, other: other!, isSame: true }],
      [],
    ]) {
      await catalogue.judge(said)
      states.push(await revisionOf(catalogue.database))
    }
    assert.equal(states[1], states[2])
    assert.equal(new Set(states).size, 3)
  })
}
