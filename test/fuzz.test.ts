/** A little of `npm run fuzz`, and whether the fuzzer finds what is there to be found. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { readCorpus } from '../fuzz/corpus.ts'
import { Coverage } from '../fuzz/coverage.ts'
import { type Effort, fuzz } from '../fuzz/fuzzer.ts'
import type { Target } from '../fuzz/target.ts'
import { withMistake, withoutSigns } from '../fuzz/with-mistake.ts'

// What is loaded before is not watched.
const coverage = new Coverage()
const { TARGETS } = await import('../fuzz/targets.ts')
const { maze } = await import('../fuzz/targets/maze.ts')

after(() => coverage.close())

const SHORT: Effort = { seed: 1, executions: 1500, ms: 1000 }
const UNTIL_FOUND: Effort = { seed: 1, executions: 100_000, ms: 60_000 }

async function faultIn(target: Target, given: readonly Buffer[], effort: Effort): Promise<string | undefined> {
  const { found } = await fuzz(target, coverage, given, effort)
  return found && `${found.fault}: ${JSON.stringify(found.input.toString('latin1'))}`
}

for (const [name, make] of Object.entries(TARGETS)) {
  test(`${name}: a short run over the corpus and around it finds no fault`, async () => {
    const target = make()
    const fault = await faultIn(target, readCorpus(name), SHORT).finally(() => target.close?.())
    assert.equal(fault, undefined)
  })

  test(`${name}: a mistake that is planted is found, from a corpus that does not show it`, async () => {
    const target = make()
    const given = await withoutSigns(target, readCorpus(name))
    const fault = await faultIn(withMistake(target), given, UNTIL_FOUND).finally(() => target.close?.())
    assert.ok(fault !== undefined)
  })
}

test('what the code ran leads to a fault behind decisions that chance alone does not make', async () => {
  const { found, executions } = await fuzz(maze(), coverage, [], UNTIL_FOUND)
  assert.equal(found?.fault, 'the end of the maze')
  assert.equal((await fuzz(maze(), undefined, [], { ...UNTIL_FOUND, executions })).found, undefined)
})

test('the same seed tries the same inputs', async () => {
  const again = () => fuzz(maze(), coverage, [], { ...UNTIL_FOUND, executions: 2000 })
  const [one, other] = [await again(), await again()]
  assert.deepEqual([one.executions, one.corpus], [other.executions, other.corpus])
})

test('what is thrown is a fault, and so is what takes too long every time', async () => {
  const throws = { ...maze(), answer: () => assert.fail('no') }
  assert.match((await fuzz(throws, coverage, [], SHORT)).found?.fault ?? '', /it threw AssertionError/)
  const slow = { ...maze(), msMax: -1 }
  assert.match((await fuzz(slow, coverage, [], SHORT)).found?.fault ?? '', /it took/)
})
