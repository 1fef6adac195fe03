/** The documents say what is there: links lead somewhere, the commands, flags and files they name exist, the examples run. */
import assert from 'node:assert/strict'
import { execFile, execFileSync, spawnSync } from 'node:child_process'
import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { temporaryFolder } from './folders.ts'

const ROOT = join(import.meta.dirname, '..')
const PAGES = globSync(['*.md', 'docs/*.md'], { cwd: ROOT }).sort()
const SUBCOMMANDS = /^(?:(?:archive|keys|holds|rejects|loads) [a-z]+|findings (?:believe|beliefs|undo))\b/

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

type Named = Readonly<{ page: string; command: string; flags: readonly string[] }>

/** Every `splitcart <command>` with the flags behind it. */
function commandsIn(page: string): Named[] {
  return codeIn(textOf(page)).flatMap((code) =>
    [...code.matchAll(/splitcart(?:\.js)? (?=([a-z][a-z-]*.*))/g)]
      .map(([, rest = '']) => rest)
      .filter((rest) => !rest.startsWith('splitcart '))
      .map((rest) => {
        const command = SUBCOMMANDS.exec(rest)?.[0] ?? /^[a-z-]+/.exec(rest)![0]
        return { page, command, flags: rest.match(/(?<= )--[a-z-]+/g) ?? [] }
      }),
  )
}

type Helps = ReadonlyMap<string, string | undefined>

/** What each of the commands prints with --help; undefined where there is no such command. */
async function helpsOf(named: readonly Named[]): Promise<Helps> {
  const commands = [...new Set(named.map(({ command }) => command))]
  return new Map(await Promise.all(commands.map(async (command) => [command, await helpOf(command)] as const)))
}

async function helpOf(command: string): Promise<string | undefined> {
  const args = command === 'help' ? ['help'] : [...command.split(' '), '--help']
  const said = await promisify(execFile)(process.execPath, ['bin/splitcart.js', ...args], { cwd: ROOT }).catch(
    () => null,
  )
  return command === 'help' || said?.stdout.startsWith(`Usage: splitcart ${command} `) ? said?.stdout : undefined
}

function faultsOf({ page, command, flags }: Named, helps: Helps): string[] {
  const help = helps.get(command)
  if (help === undefined) return [`${page}: there is no "splitcart ${command}"`]
  const missing = flags.filter((flag) => !new RegExp(`^ +(-\\w, )?${flag}\\b`, 'm').test(help))
  return missing.map((flag) => `${page}: "splitcart ${command}" has no ${flag}`)
}

test('every link between the documents leads somewhere', () => {
  assert.deepEqual(PAGES.flatMap(brokenLinks), [])
})

test('every command and flag the documents name exists', async () => {
  const named = PAGES.flatMap(commandsIn)
  assert.ok(named.length > 30, 'the commands were not found')
  const helps = await helpsOf(named)
  assert.deepEqual([...new Set(named.flatMap((one) => faultsOf(one, helps)))], [])
})

test('a command or flag that does not exist is noticed', async () => {
  const named = [
    { page: 'x.md', command: 'fly', flags: [] },
    { page: 'x.md', command: 'status', flags: ['--json', '--wings'] },
  ]
  const helps = await helpsOf(named)
  const faults = ['x.md: there is no "splitcart fly"', 'x.md: "splitcart status" has no --wings']
  assert.deepEqual(
    named.flatMap((one) => faultsOf(one, helps)),
    faults,
  )
})

test('what the documents do with npm leaves the checkout as git has it', () => {
  const lines = PAGES.flatMap((page) => codeIn(textOf(page))).filter((code) => /^(sudo )?npm /.test(code))
  assert.ok(lines.length > 10, 'the lines were not found')
  const leaves = /^(sudo )?npm (ci|run|test|audit|prune (.* )?--no-save)( |$)/
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
