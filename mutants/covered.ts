/** Which lines of the product which test runs, as V8 counts it in the processes of the test and in those that they start. */
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

type Range = Readonly<{ startOffset: number; endOffset: number; count: number }>
type Script = Readonly<{ url: string; functions: readonly Readonly<{ ranges: readonly Range[] }>[] }>

/** What a test file runs, and how long it takes; `fails`: it does so with no change at all. */
export type Mapped = Readonly<{ seconds: number; fails?: true; lines: Readonly<Record<string, readonly number[]>> }>

/** What is kept between runs. `digests` are those of the sources when they were mapped: in one that has changed, lines stand elsewhere. */
export type CoverageMap = Readonly<{
  digests: Readonly<Record<string, string>>
  tests: Readonly<Record<string, Mapped>>
}>

/** A test that runs what is changed: `share` is how much of that file it runs. */
export type Chosen = Readonly<{ test: string; seconds: number; share: number }>

/** The digest of a source. */
export function digestOf(source: string): string {
  return createHash('sha256').update(source).digest('hex').slice(0, 16)
}

/** The lines of each source under `root` that the processes which wrote into `folder` have run. */
export function linesRun(folder: string, root: string, sources: ReadonlyMap<string, string>): Record<string, number[]> {
  const byUrl = new Map([...sources.keys()].map((path) => [pathToFileURL(join(root, path)).href, path]))
  const lines = new Map<string, Set<number>>()
  for (const name of readdirSync(folder)) {
    for (const script of scriptsIn(join(folder, name))) {
      const path = byUrl.get(script.url.replace(/\?.*$/, ''))
      if (path === undefined) continue
      const found = lines.get(path) ?? new Set()
      for (const line of linesOf(script, sources.get(path) ?? '')) found.add(line)
      lines.set(path, found)
    }
  }
  return Object.fromEntries([...lines].map(([path, found]) => [path, [...found].sort((a, b) => a - b)]))
}

/** A process that was killed while it wrote them has left a part. */
function scriptsIn(path: string): readonly Script[] {
  try {
    return JSON.parse(readFileSync(path, 'utf8')).result
  } catch (error) {
    if (error instanceof SyntaxError) return []
    throw error
  }
}

/** The lines of which a character is in a range that was run; an inner range counts before the one around it. */
export function linesOf({ functions }: Pick<Script, 'functions'>, source: string): number[] {
  const ranges = functions.flatMap((one) => one.ranges)
  const isRun = new Uint8Array(source.length)
  for (const { startOffset, endOffset, count } of ranges.toSorted(outerFirst))
    isRun.fill(count > 0 ? 1 : 0, startOffset, endOffset)
  let at = 0
  return source.split('\n').flatMap((line, index) => {
    const start = at
    at += line.length + 1
    const runs = [...line].some((character, column) => isRun[start + column] === 1 && character.trim() !== '')
    return runs ? [index + 1] : []
  })
}

function outerFirst(one: Range, other: Range): number {
  return one.startOffset - other.startOffset || other.endOffset - one.endOffset
}

/** The tests that run a line of a file: those first that run most of the file, and of these the quickest. */
export function testsOf(map: CoverageMap, path: string, source: string, line: number): Chosen[] {
  const isAsMapped = map.digests[path] === digestOf(source)
  const all = source.split('\n').length
  return Object.entries(map.tests)
    .flatMap(([test, { seconds, fails, lines }]) => {
      const run = lines[path]
      if (fails || run === undefined || (isAsMapped && !run.includes(line))) return []
      return [{ test, seconds, share: Math.round((5 * run.length) / all) / 5 }]
    })
    .sort((one, other) => other.share - one.share || one.seconds - other.seconds)
}
