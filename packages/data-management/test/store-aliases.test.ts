/** One shop under two codes: what files say of one goes to the other, whichever came first, and back when that is taken back. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { StoreAlias } from '../catalogue/catalogue.ts'
import { readRevision } from '../catalogue/queries/revision.ts'
import { resolveAliases } from '../ledger/store-merges.ts'
import { databasesOfFile } from './catalogues.ts'
import { historyOf } from './histories.ts'
import { faultOf, loadWhole } from './history-case.ts'
import { rowsOf } from './naive-rows.ts'
import { Chance } from './random.ts'

const STORIES = { SQLite: 15, PostgreSQL: 2 }

/** Aliases of stores that the files name, some of them one behind the other. */
function aliasesOf(chance: Chance, seed: number): StoreAlias[] {
  const stores = new Map(
    historyOf(seed)
      .flatMap(rowsOf)
      .map((row) => [`${row.company}/${row.storeCode}`, row]),
  )
  const all = chance.shuffled([...stores.values()])
  return resolveAliases(
    all.flatMap(({ company, storeCode: code }) => {
      const others = all.filter((other) => other.company === company && other.storeCode !== code)
      const into = chance.is(0.2) || others.length === 0 ? 'elsewhere' : chance.of(others).storeCode
      return chance.is(0.7) ? [{ company, code, into }] : []
    }),
  )
}

for (const { name, skip, open } of databasesOfFile()) {
  test(`${name}: ${STORIES[name]} random stories of files, merged stores and undos, in random orders, are as the rules say`, {
    skip,
  }, async () => {
    for (let seed = 1; seed <= STORIES[name]; seed++) {
      const chance = new Chance(seed)
      const files = chance.shuffled(historyOf(seed)).slice(0, 6)
      const aliases = aliasesOf(chance, seed)
      await using catalogue = await open()
      const at = chance.between(0, files.length)
      for (const [place, file] of files.entries()) {
        if (place === at) await catalogue.mergeStores(aliases)
        await loadWhole(catalogue, file)
      }
      if (at === files.length) await catalogue.mergeStores(aliases)
      assert.equal(await faultOf(catalogue, files, [], aliases), undefined, `seed ${seed}`)
      const [undone, ...left] = files
      if (undone === undefined) continue
      await catalogue.undo(undone.sha256, 'for a test', 0)
      assert.equal(await faultOf(catalogue, left, [], aliases), undefined, `seed ${seed}, undone`)
      const few = aliases.slice(1)
      await catalogue.mergeStores(few)
      assert.equal(await faultOf(catalogue, left, [], few), undefined, `seed ${seed}, taken back`)
      await catalogue.mergeStores([])
      assert.equal(await faultOf(catalogue, left), undefined, `seed ${seed}, all taken back`)
    }
  })

  test(`${name}: stores merged again as they are make no other state of the catalogue`, { skip }, async () => {
    await using catalogue = await open()
    const alias = { company: 'aldi', code: 'g1', into: 'g2' }
    const states = [await readRevision(catalogue.database)]
    for (const aliases of [[alias], [alias], []]) {
      await catalogue.mergeStores(aliases)
      states.push(await readRevision(catalogue.database))
    }
    assert.equal(states[1], states[2])
    assert.equal(new Set(states).size, 3)
  })
}

test('a code leads to the end of its merges, of two the first counts, and none leads in a circle', () => {
  const merge = (code: string, into: string) => ({ company: 'aldi', code, into })
  assert.deepEqual(resolveAliases([merge('a', 'b'), merge('b', 'c'), merge('c', 'a'), merge('a', 'd')]), [
    merge('a', 'c'),
    merge('b', 'c'),
  ])
  assert.deepEqual(resolveAliases([merge('a', 'b'), { ...merge('b', 'a'), company: 'iga' }]), [
    merge('a', 'b'),
    { ...merge('b', 'a'), company: 'iga' },
  ])
})
