/** Whether anybody notices a change. */
import { join } from 'node:path'
import { type Change, changed } from './changes.ts'
import type { Compiler } from './compiler.ts'
import { withText } from './copy.ts'
import { type Chosen, type CoverageMap, testsOf } from './covered.ts'
import { failedOf, hasSoundTypes } from './tests.ts'

/** `tests`: the one that noticed it. `types`: `npm run check` does. `tried` of `all` tests that run the line were asked. */
export type Verdict = Readonly<{ by: 'tests' | 'types' | 'nobody'; test?: string; tried: number; all: number }>

type Asked = Readonly<{
  copy: string
  compiler: Compiler
  env: NodeJS.ProcessEnv
  map: CoverageMap
  seconds: number
}>

// Most changes are noticed by the test that is nearest; only for the others all are asked.
const BATCH_ENDS = [3, 12]

/** Asks the compiler about a change, then makes it in the copy and asks the tests that run it, nearest first, for so many seconds in all. */
export async function tryChange(change: Change, source: string, asked: Asked): Promise<Verdict> {
  const { copy, compiler, map, seconds } = asked
  if (compiler.notices(change.path, changed(source, change))) return { by: 'types', tried: 0, all: 0 }
  const all = testsOf(map, change.path, source, change.line)
  const chosen = within(all, seconds)
  const tried = { tried: chosen.length, all: all.length }
  return await withText(join(copy, change.path), changed(source, change), async () => {
    for (const batch of inBatches(chosen)) {
      const test = await firstNoticing(batch, asked)
      if (test !== undefined) return { by: 'tests', test, ...tried }
    }
    return { by: (await hasSoundTypes(copy)) ? 'nobody' : 'types', ...tried }
  })
}

/** The one that fails, and fails again: it is not for another reason. */
async function firstNoticing(batch: readonly string[], { copy, env }: Asked): Promise<string | undefined> {
  for (const test of await failedOf(copy, batch, env)) if ((await failedOf(copy, [test], env)).length > 0) return test
  return undefined
}

function within(all: readonly Chosen[], seconds: number): string[] {
  let left = seconds
  const tests = all.filter(({ seconds }, index) => {
    // The nearest is asked in any case, and one that takes too long keeps no other out.
    if (index > 0 && seconds > left) return false
    left -= seconds
    return true
  })
  return tests.map(({ test }) => test)
}

function inBatches(tests: readonly string[]): string[][] {
  const [first = 0, second = 0] = BATCH_ENDS
  return [tests.slice(0, first), tests.slice(first, second), tests.slice(second)].filter((batch) => batch.length > 0)
}
