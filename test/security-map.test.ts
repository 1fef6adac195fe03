/** docs/security.md says which test holds which line of the checklist. Each of these tests exists, and each line has an answer. */
import assert from 'node:assert/strict'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'

const ROOT = join(import.meta.dirname, '..')
const PAGE = 'docs/security.md'
const LINES = 61
const ASVS = 'docs/asvs.md'
const TITLE = /\btest\(\s*(?:`([^`]*)`|'([^']*)'|"([^"]*)")/g
const CITED = /`([\w/.-]+\.test\.ts)`: (.+?)(?= ·|\. Open|\. No |\. The | \(|$)/g
// The one file that refuses the variable names it, and the one that tells those who put it into a file.
const REFUSING = ['bin/command-line.ts', 'bin/env-file.ts']
const UNSAFE = /rejectUnauthorized|NODE_TLS_REJECT_UNAUTHORIZED|\beval\(|\bnew Function\b|node:vm/

type Line = Readonly<{ number: number; held: string }>

function linesIn(page: string): Line[] {
  return [...page.matchAll(/^\| (\d+) \| .+ \| (.+) \|$/gm)].map(([, number, held = '']) => ({
    number: Number(number),
    held,
  }))
}

function faultsOf({ number, held }: Line): string[] {
  const cited = [...held.matchAll(CITED)]
  if (cited.length === 0 && !/\b(Open|Not here|Off)\b|`npm run |\]\(/.test(held))
    return [`line ${number} has no answer`]
  return cited.flatMap(([, file = '', title = '']) => {
    if (!existsSync(join(ROOT, file))) return [`line ${number}: there is no ${file}`]
    const titles = [...readFileSync(join(ROOT, file), 'utf8').matchAll(TITLE)].map(([, a, b, c]) => a ?? b ?? c ?? '')
    return titles.some((each) => each.includes(title)) ? [] : [`line ${number}: ${file} has no test "${title}"`]
  })
}

test('every line of the checklist is held by a test that exists, or says why not', () => {
  const lines = linesIn(readFileSync(join(ROOT, PAGE), 'utf8'))
  assert.deepEqual(
    lines.map(({ number }) => number),
    Array.from({ length: LINES }, (_, index) => index + 1),
  )
  assert.deepEqual(lines.flatMap(faultsOf), [])
  assert.ok(lines.flatMap(({ held }) => [...held.matchAll(CITED)]).length > 50, 'the tests were found')
})

test('a test that is not there, and a line without an answer, are noticed', () => {
  const page = [
    '| 1 | x | `test/security-map.test.ts`: a title that no test has |',
    '| 2 | x | `test/nowhere.test.ts`: x · `test/security-map.test.ts`: a test that is not there (twice) |',
    '| 3 | x | somehow |',
  ]
  assert.deepEqual(linesIn(page.join('\n')).flatMap(faultsOf), [
    'line 1: test/security-map.test.ts has no test "a title that no test has"',
    'line 2: there is no test/nowhere.test.ts',
    'line 3 has no answer',
  ])
})

// How many requirements of the levels 1 and 2 each section of ASVS 5.0.0 has; those of level 3 come last in their sections.
const REQUIREMENTS: Readonly<Record<string, readonly number[]>> = {
  1: [2, 9, 11, 3, 2],
  2: [3, 3, 4, 1],
  3: [0, 2, 4, 6, 5, 0, 2],
  4: [3, 1, 2, 4],
  5: [1, 3, 2, 3],
  6: [3, 12, 4, 4, 5, 3, 0, 4],
  7: [3, 4, 2, 5, 2, 2],
  8: [2, 3, 1, 1],
  9: [3, 4],
  10: [2, 2, 4, 11, 5, 2, 3],
  11: [2, 3, 3, 4, 1, 1],
  12: [3, 2, 4],
  13: [1, 5, 2, 5],
  14: [2, 4, 3],
  15: [3, 3, 7],
  16: [1, 5, 4, 3, 3],
  17: [1, 4, 2],
}

function requirements(): string[] {
  return Object.entries(REQUIREMENTS).flatMap(([chapter, sections]) =>
    sections.flatMap((count, section) =>
      Array.from({ length: count }, (_, index) => `${chapter}.${section + 1}.${index + 1}`),
    ),
  )
}

test('every requirement of ASVS up to level 2 is held by a line or a test that exists, or says why not', () => {
  const found = [...readFileSync(join(ROOT, ASVS), 'utf8').matchAll(/^\| (\d+\.\d+\.\d+) \| .+? \| (.+) \|$/gm)]
  assert.deepEqual(
    found.map(([, id]) => id),
    requirements(),
  )
  const faults = found.flatMap(([, id, held = '']) => {
    const lines = [...held.matchAll(/\b[Ll]ines? ((?:\d+(?:, | and )?)+)/g)].flatMap(
      ([, each = '']) => each.match(/\d+/g) ?? [],
    )
    const files = [...held.matchAll(/`([\w/.-]+\.test\.ts)`/g)].map(([, file = '']) => file)
    const faults = [
      ...lines.filter((line) => Number(line) < 1 || Number(line) > LINES).map((line) => `there is no line ${line}`),
      ...files.filter((file) => !existsSync(join(ROOT, file))).map((file) => `there is no ${file}`),
    ]
    return faults.map((fault) => `${id}: ${fault}`)
  })
  assert.deepEqual(faults, [])
})

test('no source turns certificate checks off, or runs text as code', () => {
  const sources = globSync(['bin/**/*.{ts,js}', 'packages/*/**/*.ts'], {
    cwd: ROOT,
    exclude: ['**/node_modules/**', '**/test/**'],
  })
  assert.ok(sources.length > 100)
  assert.deepEqual(sources.filter((path) => UNSAFE.test(readFileSync(join(ROOT, path), 'utf8'))).sort(), REFUSING)
})
