/** Each house rule is seen failing on what it forbids, and passing on what it allows. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Exception } from './exceptions.ts'
import { type Fault, type Source, treesOf } from './sources.ts'
import { type Case, type Files, SUPPLY_CASES } from './supply-cases.ts'
import { sentenceOf, tidy } from './tidy.ts'

const SCRAPING = 'packages/scraping/outbox.ts'
const DATA_MANAGEMENT = 'packages/data-management'
const LOOP = (name: string) => `import { b } from './${name}.ts'\nb()\n`
const LINES = (count: number) => 'a()\n'.repeat(count)
const FUNCTION = (lines: number) => `function long() {\n${LINES(lines - 2)}}\n`

const CASES: readonly Case[] = [
  {
    rule: 'imports',
    title: 'the scraping machine never imports the server',
    broken: { [SCRAPING]: "import { accept } from '@splitcart/data-management/inbox/inbox.ts'\n" },
    kept: { [SCRAPING]: "import { land } from '@splitcart/shared/durable-file.ts'\n" },
  },
  {
    rule: 'imports',
    title: 'the server never imports the scraping machine, not even later or only types',
    broken: { [`${DATA_MANAGEMENT}/a.ts`]: "const a = await import('@splitcart/scraping/outbox.ts')\n" },
    kept: { [`${DATA_MANAGEMENT}/a.ts`]: "const a = await import('@splitcart/shared/row.ts')\n" },
  },
  {
    rule: 'imports',
    title: 'the shared package imports neither machine',
    broken: { 'packages/shared/a.ts': "import type { A } from '@splitcart/scraping/a.ts'\n" },
    kept: { 'packages/shared/a.ts': "import { b } from './b.ts'\n" },
  },
  {
    rule: 'imports',
    title: 'no package imports the command line',
    broken: { [SCRAPING]: "export { a } from '../../bin/a.ts'\n" },
    kept: { 'bin/a.ts': "import { a } from '@splitcart/scraping/outbox.ts'\n" },
  },
  {
    rule: 'imports',
    title: 'the dashboard takes only types from the server',
    broken: { 'packages/dashboard/page.tsx': "import { type A } from '@splitcart/data-management/http/a.ts'\n" },
    kept: { 'packages/dashboard/page.tsx': "import type { A } from '@splitcart/data-management/http/a.ts'\n" },
  },
  {
    rule: 'imports',
    title: 'a relative import stays in its package',
    broken: { [SCRAPING]: "import { land } from '../shared/durable-file.ts'\n" },
    kept: { 'packages/scraping/test/outbox.test.ts': "import { at } from '../../../test/folders.ts'\n" },
  },
  {
    rule: 'imports',
    title: 'what ships does not import tests',
    broken: { [SCRAPING]: "import { at } from './test/folders.ts'\n" },
    kept: { 'bench/run.ts': "import { at } from '../test/folders.ts'\n" },
  },
  {
    rule: 'imports',
    title: 'a pure module uses no part of the system',
    broken: { [`${DATA_MANAGEMENT}/catalogue/model/price-runs-inverse.ts`]: "import { join } from 'node:path'\n" },
    kept: { [`${DATA_MANAGEMENT}/catalogue/model/price-runs-inverse.ts`]: "import { runs } from './price-runs.ts'\n" },
  },
  {
    rule: 'imports',
    title: 'a pure module knows no database',
    broken: { [`${DATA_MANAGEMENT}/catalogue/model/words.ts`]: "import { sqlite } from '../sqlite.ts'\n" },
    kept: { [`${DATA_MANAGEMENT}/catalogue/model/words.ts`]: "import type { Sqlite } from '../sqlite.ts'\n" },
  },
  {
    rule: 'imports',
    title: 'a store knows no command, except its types',
    broken: { [`${DATA_MANAGEMENT}/catalogue/a.ts`]: "import { load } from '../update-db/load-file.ts'\n" },
    kept: { [`${DATA_MANAGEMENT}/catalogue/a.ts`]: "import type { Load } from '../update-db/load-file.ts'\n" },
  },
  {
    rule: 'circle',
    title: 'imports form no circle, also through another package',
    broken: { 'packages/shared/a.ts': LOOP('b'), 'packages/shared/b.ts': LOOP('c'), 'packages/shared/c.ts': LOOP('a') },
    kept: { 'packages/shared/a.ts': LOOP('b'), 'packages/shared/b.ts': LOOP('c'), 'packages/shared/c.ts': 'b()\n' },
  },
  {
    rule: 'glossary',
    title: 'a word of the glossary is at home where it says',
    broken: {
      'docs/glossary.md': '| row | a line | `Row` in `packages/shared/row.ts` |\n',
      'packages/shared/row.ts': '',
    },
    kept: {
      'docs/glossary.md': '| row | a line | `Row` in `packages/shared/row.ts` |\n',
      'packages/shared/row.ts': 'type Row = 1\n',
    },
  },
  {
    rule: 'glossary',
    title: 'a name that was given up is not used again',
    broken: { 'docs/glossary.md': '| `Turns`, `Turn` | `Mutex` |\n', [SCRAPING]: 'const one: Turns = 1\n' },
    kept: {
      'docs/glossary.md': '| `Turns`, `Turn` | `Mutex` |\n',
      [SCRAPING]: '// Turns, once.\nconst one: Mutex = 1\n',
    },
  },
  {
    rule: 'process',
    title: 'only bin/ reads the environment',
    broken: { [SCRAPING]: 'const home = process.env.HOME\n' },
    kept: { 'bin/a.ts': 'const home = process.env.HOME\n', [SCRAPING]: '// process.env is read in bin/\n' },
  },
  {
    rule: 'process',
    title: 'only bin/ ends the process, however it is written',
    broken: { [SCRAPING]: "process['exit'](1)\n" },
    kept: { [SCRAPING]: 'const windows = process.platform\n' },
  },
  {
    rule: 'process',
    title: 'the process is not taken apart elsewhere',
    broken: { [SCRAPING]: 'const { argv } = process\n' },
    kept: { 'test/a.test.ts': 'const { argv } = process\n' },
  },
  {
    rule: 'process',
    title: 'the process is not imported under another name',
    broken: { [SCRAPING]: "import { env } from 'node:process'\n" },
    kept: { 'check/a.ts': "import { env } from 'node:process'\n" },
  },
  {
    rule: 'console',
    title: 'packages do not print',
    broken: { [SCRAPING]: "console.error('lost')\n" },
    kept: { [SCRAPING]: "log.error('lost')\n" },
  },
  {
    rule: 'clock',
    title: 'durations are not counted with the time of day',
    broken: { [SCRAPING]: 'if (Date.now() - since > 1000) stop()\n' },
    kept: { [SCRAPING]: 'if (performance.now() - since > 1000) stop(Date.now())\n' },
  },
  {
    rule: 'clock',
    title: 'neither are moments that are waited for, with whatever clock',
    broken: { 'bin/a.ts': 'if (this.#clock.now() >= until) prune()\n' },
    kept: { 'bin/a.ts': 'if (clock.steady() >= until) prune()\n', 'test/a.test.ts': 'assert.ok(Date.now() > start)\n' },
  },
  {
    rule: 'clock',
    title: 'nor with a date that is made for it',
    broken: { [SCRAPING]: 'const ms = end - new Date()\n' },
    kept: { [SCRAPING]: 'const ms = end - new Date(start)\n' },
  },
  {
    rule: 'names',
    title: 'a file name says what is in it',
    broken: { 'packages/shared/utils.ts': '' },
    kept: { 'packages/shared/price.ts': '' },
  },
  {
    rule: 'names',
    title: 'a folder name says what is in it',
    broken: { 'docs/misc/notes.md': '' },
    kept: { 'docs/library/miscellany.md': '' },
  },
  {
    rule: 'file-lines',
    title: 'a file ends after 300 lines',
    broken: { [SCRAPING]: LINES(301) },
    kept: { [SCRAPING]: LINES(300), 'docs/protocol.md': LINES(400) },
  },
  {
    rule: 'function-lines',
    title: 'a function ends after 50 lines, braces in texts or not',
    broken: { [SCRAPING]: FUNCTION(51) },
    kept: { [SCRAPING]: `const text = '{' + \`{\${1}{\` + /[{]{2}/.source\n${FUNCTION(50)}${FUNCTION(50)}` },
  },
  {
    rule: 'function-lines',
    title: 'a test ends after 50 lines, a group of tests need not',
    broken: { 'test/a.test.ts': `test('long', () => {\n${LINES(50)}})\n` },
    kept: { 'test/a.test.ts': `describe('many', () => {\n${LINES(50)}})\n` },
  },
  {
    rule: 'parameters',
    title: 'a function has at most four parameters',
    broken: { [SCRAPING]: 'class A { m(a: 1, b: 2, c: 3, d: 4, e: 5) {} }\n' },
    kept: { [SCRAPING]: 'const f = (a: 1, b: 2, c: 3, d = ((x, y) => x)(1, 2)) => a\n' },
  },
  {
    rule: 'durable-file',
    title: 'only durable-file gives files their names',
    broken: { [SCRAPING]: 'await fs.rename(a, b)\n' },
    kept: { 'packages/shared/durable-file.ts': 'await disk.rename(a, b)\n', 'test/a.test.ts': 'await rename(a, b)\n' },
  },
  {
    rule: 'durable-file',
    title: 'a call is known by where it is imported from, under any name',
    broken: { [SCRAPING]: "import { unlink as drop } from 'node:fs/promises'\nawait drop(a)\n" },
    kept: { [SCRAPING]: "import { rename } from './products.ts'\nrename(milk)\n" },
  },
  {
    rule: 'durable-file',
    title: 'only durable-file syncs',
    broken: { [SCRAPING]: 'await file.sync()\n' },
    kept: { [SCRAPING]: 'await sync(outbox)\n' },
  },
  {
    rule: 'documented',
    title: 'an exported function says what it does',
    broken: { [SCRAPING]: "/** The outbox. */\nimport { a } from './a.ts'\n\nexport function scan() {}\n" },
    kept: {
      [SCRAPING]: '/** The outbox. */\n\n/** Finds files. */\nexport async function scan() {}\nfunction own() {}\n',
    },
  },
  {
    rule: 'documented',
    title: 'an exported class and an exported arrow say what they do',
    broken: { [SCRAPING]: '// Reason.\nexport class A {}\n', 'packages/scraping/b.ts': 'export const b = () => 1\n' },
    kept: { [SCRAPING]: '/** A. */\nexport class A {}\n', 'packages/scraping/b.ts': 'export const B = 1\n' },
  },
  {
    rule: 'titles',
    title: 'no two tests of a file and group share a title',
    broken: { 'test/a.test.ts': "test('a', b)\ntest.skip('a', c)\n" },
    kept: { 'test/a.test.ts': "describe('x', () => { test('a', b) })\ndescribe('y', () => { test('a', c) })\n" },
  },
  {
    rule: 'unfinished',
    title: 'nothing is left for later',
    broken: { 'docs/protocol.md': `# Protocol\n\n${'TO'}${'DO'}: describe it\n` },
    kept: { 'docs/protocol.md': '# Protocol\n\nmktemp splitcart-XXXXXX, todo\n' },
  },
  {
    rule: 'versions',
    title: 'dependencies have exact versions',
    broken: { 'package.json': '{"dependencies": {"fastify": "^5.0.0"}}' },
    kept: { 'package.json': '{"dependencies": {"fastify": "5.0.0", "x": "1.0.0-rc.1"}, "engines": {"node": ">=24"}}' },
  },
  {
    rule: 'install',
    title: 'installing runs nothing',
    broken: { 'bin/package.json': '{"scripts": {"postinstall": "node bin/node.js fetch.ts"}}' },
    kept: { 'bin/package.json': '{"scripts": {"test": "node bin/node.js test/run.ts"}}' },
  },
  ...SUPPLY_CASES,
]

// All of them are read at once, each under a folder of its own: the compiler takes a moment to start.
const EXCEPTED = { [SCRAPING]: FUNCTION(60) }
const NOT_EXCEPTED = { [SCRAPING]: FUNCTION(40) }
const COMMENTED = { [SCRAPING]: `/** One.\n * Two. */\n${FUNCTION(50)}` }
const SECOND_LINE = { [SCRAPING]: "\nimport { a } from '@splitcart/data-management/a.ts'\n" }
const PROJECTS = [
  ...CASES.flatMap(({ broken, kept }) => [broken, kept]),
  EXCEPTED,
  NOT_EXCEPTED,
  COMMENTED,
  SECOND_LINE,
]
const TREES = treesOf(PROJECTS.flatMap((files, index) => sourcesOf(files, `${index}/`)))

function sourcesOf(files: Files, folder = ''): Source[] {
  return Object.entries(files).map(([path, text]) => ({ path: `${folder}${path}`, text }))
}

function faultsOf(files: Files, exceptions: readonly Exception[] = []): Fault[] {
  const folder = `${PROJECTS.indexOf(files)}/`
  const trees = TREES.filter(({ path }) => path.startsWith(folder))
  const moved = trees.map((tree) => ({ ...tree, path: tree.path.slice(folder.length) }))
  return tidy(sourcesOf(files), moved, exceptions)
}

for (const { rule, title, broken, kept } of CASES) {
  test(`${title} (${rule})`, () => {
    const found = faultsOf(broken)
    assert.ok(found.length > 0, 'the rule does not fail where it should')
    assert.deepEqual([...new Set(found.map((fault) => fault.rule))], [rule])
    assert.deepEqual(faultsOf(kept).map(sentenceOf), [])
  })
}

test('a fault names the file, the line, what is wrong, and what an exception would have to say', () => {
  assert.deepEqual(faultsOf(SECOND_LINE).map(sentenceOf), [
    'packages/scraping/outbox.ts: line 2: imports @splitcart/data-management/a.ts: packages/scraping may not import ' +
      'code of packages/data-management [imports: @splitcart/data-management/a.ts]',
  ])
})

test('an exception lets one fault pass, and is a fault itself once it is not needed', () => {
  const exception = { rule: 'function-lines', path: SCRAPING, subject: 'long', reason: 'one table, read top to bottom' }
  assert.deepEqual(faultsOf(EXCEPTED, [exception]), [])
  const faults = faultsOf(NOT_EXCEPTED, [exception])
  assert.deepEqual(
    faults.map(({ rule, path }) => [rule, path]),
    [['exceptions', SCRAPING]],
  )
})

test('the comment above a function is no part of its length', () => {
  assert.deepEqual(faultsOf(COMMENTED).map(sentenceOf), [])
})
