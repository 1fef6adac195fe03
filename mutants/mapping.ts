/** Runs each test by itself and keeps what it runs: which tests are worth asking about a change. */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { SLOW } from '../test/lists.ts'
import { type CoverageMap, digestOf, linesRun, type Mapped } from './covered.ts'
import { failedOf } from './tests.ts'

// Browsers run what V8 does not count here, the simulator takes as long as it is given, and what kills or bombs takes too long.
const NOT_ASKED = /^packages\/dashboard\/|^test\/(simulator|kills|network|bombs)\.test\.ts$/

/** The copies of the project, each of which does one thing at a time, and where temporary files go. */
export type Place = Readonly<{ copies: readonly string[]; temporary: string; env: NodeJS.ProcessEnv }>

type MappingOptions = Readonly<{ file: string; isComplete: boolean }>

/** The map that is kept, with the tests added that it does not know, unless it `isComplete` as it is. */
export async function mapTests(
  { file, isComplete }: MappingOptions,
  place: Place,
  sources: ReadonlyMap<string, string>,
): Promise<CoverageMap> {
  const kept: CoverageMap | undefined = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined
  const digests = kept?.digests ?? Object.fromEntries([...sources].map(([path, text]) => [path, digestOf(text)]))
  const tests: Record<string, Mapped> = { ...kept?.tests }
  const missing = isComplete ? [] : listTests(place.copies[0] ?? '').filter((test) => tests[test] === undefined)
  if (missing.length > 0) process.stdout.write(`Mapping ${missing.length} test files.\n`)
  const keep = () => {
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, JSON.stringify({ digests, tests }))
  }
  const lane = async (copy: string) => {
    for (let test = missing.shift(); test !== undefined; test = missing.shift()) {
      const mapped = await mapTest(test, copy, place, sources)
      const { seconds, fails } = mapped
      tests[test] = mapped
      process.stdout.write(`  ${test} ${seconds} s${fails ? ', fails without any change' : ''}\n`)
      keep()
    }
  }
  await Promise.all(place.copies.map(lane))
  return { digests, tests }
}

function listTests(copy: string): string[] {
  const listed = execFileSync(process.execPath, ['test/run.ts', '--list'], { cwd: copy, encoding: 'utf8' })
  // Those of packages come first: most often they are the nearest.
  return [...listed.split('\n'), ...SLOW].filter((test) => test !== '' && !NOT_ASKED.test(test)).sort()
}

async function mapTest(
  test: string,
  copy: string,
  place: Place,
  sources: ReadonlyMap<string, string>,
): Promise<Mapped> {
  const folder = mkdtempSync(join(place.temporary, 'coverage-'))
  // Code that was compiled before is counted less exactly.
  const counted = { ...place.env, NODE_V8_COVERAGE: folder, NODE_DISABLE_COMPILE_CACHE: '1' }
  const start = performance.now()
  const failed = await failedOf(copy, [test], counted)
  const seconds = Math.round((performance.now() - start) / 100) / 10
  const lines = linesRun(folder, copy, sources)
  rmSync(folder, { recursive: true, force: true })
  return { seconds, lines, ...(failed.length > 0 ? { fails: true } : {}) }
}
