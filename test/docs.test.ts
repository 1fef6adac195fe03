/** The documents say what is there: links lead somewhere, the commands, flags and files they name exist, the examples run. */
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { test } from 'node:test'
import { Command } from 'commander'
import { COMMANDS } from '../bin/commands.ts'
import { temporaryFolder } from './folders.ts'

const ROOT = join(import.meta.dirname, '..')
const PAGES = globSync(['*.md', 'docs/*.md'], { cwd: ROOT }).sort()

function textOf(page: string): string {
  return readFileSync(join(ROOT, page), 'utf8')
}

/** What stands between back quotes, inline or as a block: one text a line. */
function codeIn(text: string): string[] {
  const blocks = [...text.matchAll(/^ *```\w*\n([\s\S]*?)^ *```$/gm)].flatMap(([, code = '']) => code.split('\n'))
  const inline = [...text.replace(/^ *```\w*\n[\s\S]*?^ *```$/gm, '').matchAll(/`([^`]+)`/g)].map(([, code = '']) =>
    code.replaceAll('\n', ' '),
  )
  return [...blocks, ...inline]
}

/** The names under which headings can be linked to, made as GitHub makes them. */
function anchorsOf(text: string): Set<string> {
  const headings = [...text.replace(/^ *```[\s\S]*?^ *```$/gm, '').matchAll(/^#+ (.+)$/gm)]
  return new Set(
    headings.map(([, heading = '']) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\s_-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  )
}

function brokenLinks(page: string): string[] {
  return [...textOf(page).matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, link = '']) => {
    if (/^[a-z]+:/.test(link)) return []
    const [path = '', anchor] = link.split('#')
    const target = path === '' ? page : normalize(join(dirname(page), path))
    if (!existsSync(join(ROOT, target))) return [`${page}: ${link} leads nowhere`]
    const isThere = anchor === undefined || anchorsOf(textOf(target)).has(anchor)
    return isThere ? [] : [`${page}: ${link}: there is no such heading`]
  })
}

type Named = Readonly<{ page: string; words: readonly string[] }>

/** What stands behind every `splitcart`: a command, perhaps one below it, and arguments. */
function commandsIn(page: string): Named[] {
  return codeIn(textOf(page)).flatMap((code) =>
    [...code.matchAll(/splitcart(?:\.js)? (?=([a-z][a-z-]*.*))/g)]
      .map(([, rest = '']) => rest)
      .filter((rest) => !rest.startsWith('splitcart '))
      .map((rest) => ({ page, words: rest.split(' ') })),
  )
}

/** The whole command line. */
async function programOf(): Promise<Command> {
  const program = new Command('splitcart')
  for (const load of Object.values(COMMANDS)) (await load())(program)
  return program
}

function below(command: Command, name: string): Command | undefined {
  return command.commands.find((each) => each.name() === name)
}

function faultsOf(program: Command, { page, words }: Named): string[] {
  const name = /^[a-z-]+/.exec(words[0]!)![0]
  const command = name === 'help' ? program : below(program, name)
  if (command === undefined) return [`${page}: there is no "splitcart ${name}"`]
  const [, second = ''] = words
  const sub = below(command, /^[a-z-]*/.exec(second)![0])
  const path = sub === undefined ? name : `${name} ${sub.name()}`
  const help = (sub ?? command).helpInformation()
  const flags = ` ${words.slice(1).join(' ')}`.match(/(?<= )--[a-z-]+/g) ?? []
  const missing = flags.filter((flag) => !new RegExp(`^ +(-\\w, )?${flag}\\b`, 'm').test(help))
  return missing.map((flag) => `${page}: "splitcart ${path}" has no ${flag}`)
}

test('every link between the documents leads somewhere', () => {
  assert.deepEqual(PAGES.flatMap(brokenLinks), [])
})

test('every command and flag the documents name exists', async () => {
  const named = PAGES.flatMap(commandsIn)
  assert.ok(named.length > 30, 'the commands were not found')
  const program = await programOf()
  assert.deepEqual([...new Set(named.flatMap((one) => faultsOf(program, one)))], [])
})

test('a command or flag that does not exist is noticed', async () => {
  const program = await programOf()
  const faults = (line: string) => faultsOf(program, { page: 'x.md', words: line.split(' ') })
  assert.deepEqual(faults('fly'), ['x.md: there is no "splitcart fly"'])
  assert.deepEqual(faults('status --json --wings'), ['x.md: "splitcart status" has no --wings'])
  assert.deepEqual(faults('holds release x --all --wings'), ['x.md: "splitcart holds release" has no --wings'])
})

test('what the documents do with npm leaves the checkout as git has it', () => {
  const lines = PAGES.flatMap((page) => codeIn(textOf(page))).filter((code) => /^(sudo )?npm /.test(code))
  assert.ok(lines.length > 10, 'the lines were not found')
  // What was packed is installed elsewhere.
  const leaves = /^(sudo )?npm (ci|run|test|audit|prune (.* )?--no-save|i (-g )?\.\/\S+\.tgz$)( |$)/
  assert.deepEqual([...new Set(lines.filter((line) => !leaves.test(line)))], [])
})

test('every file the documents name exists', () => {
  const missing = PAGES.flatMap((page) =>
    codeIn(textOf(page))
      .filter((code) => /^(bin|packages|check|test|docs)\/[\w./-]+\.\w+$/.test(code))
      .filter((path) => !existsSync(join(ROOT, path)))
      .map((path) => `${page}: ${path}`),
  )
  assert.deepEqual(missing, [])
})

test('docs/architecture.md opens with the files to look in', () => {
  const [, table = ''] = textOf('docs/architecture.md').split('\n## ')
  const rows = table.split('\n').filter((line) => /^\| .* \| `\S+\.\w+`/.test(line))
  assert.ok(rows.length >= 25, `it names ${rows.length} files`)
})

test('every example in JSON is JSON', () => {
  for (const page of PAGES)
    for (const [, json = ''] of textOf(page).matchAll(/^```json\n([\s\S]*?)^```$/gm))
      assert.doesNotThrow(() => JSON.parse(json), `${page}: ${json}`)
})

test('the scraper of the README is docs/examples/scraper.ts, and its file is in the outbox', async () => {
  const [, ...code] = textOf('docs/examples/scraper.ts').split('\n')
  assert.ok(textOf('README.md').includes(`\`\`\`ts\n${code.join('\n')}\`\`\`\n`), 'README.md shows another scraper')
  await using at = await temporaryFolder()
  const said = execFileSync(process.execPath, [join(ROOT, 'docs/examples/scraper.ts')], { cwd: at.path }).toString()
  assert.equal(said, 'cornershop-s1-2026-07-01.jsonl: 2 rows, of which the server will reject 0\n')
  const text = readFileSync(join(at.path, 'scraping/data/product_outbox/cornershop-s1-2026-07-01.jsonl'), 'utf8')
  assert.equal(text.split('\n').length, 3)
})

const PYTHON_MISSING = spawnSync('python3', ['--version']).status !== 0 && 'there is no python3 here'

test('the scraper in Python leaves one whole file in the outbox', { skip: PYTHON_MISSING }, async () => {
  await using at = await temporaryFolder()
  execFileSync('python3', [join(ROOT, 'docs/examples/scraper.py')], { cwd: at.path })
  const outbox = join(at.path, 'scraping/data/product_outbox')
  const names = readdirSync(outbox).filter((name) => name.endsWith('.jsonl'))
  assert.equal(names.length, 1)
  assert.equal(JSON.parse(readFileSync(join(outbox, names[0]!), 'utf8')).product.sku, '1001')
  assert.deepEqual(readdirSync(join(outbox, '.part')), [])
})
