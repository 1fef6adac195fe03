/**
 * `node bin/node.js check/try-install.ts [VERSION …]`: does in a clone of the last commit what README.md says on its first screen and
 * docs/operations.md says of an upgrade, with each of these versions of npm, on the Node that `node` is here. npm has to be calm, the
 * clone clean, and the next pull must work.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const ROOT = join(import.meta.dirname, '..')
const STEP_MS_MAX = 5 * 60_000
// How programs are started, by hand and by units, and the whole way of a file.
const TESTS = ['test/launcher.test.ts', 'test/deploy.test.ts', 'test/whole-way.test.ts']
const NOT_CALM = /^npm (warn|error|notice)/im

/** The lines of the first block of commands behind a heading, without what needs the system's own places. */
function linesIn(page: string, heading: string): string[] {
  const text = readFileSync(join(ROOT, page), 'utf8')
  const [, block = ''] = /```sh\n([\s\S]*?)```/.exec(text.slice(text.indexOf(heading))) ?? []
  const lines = block.split('\n').map((line) => line.replace(/^sudo /, ''))
  return lines.filter((line) => /^(npm|git pull)\b/.test(line))
}

type Place = Readonly<{ folder: string; version: string }>

/** Runs a line of a document with that npm; its output is passed on, and returned. */
function run({ folder, version }: Place, line: string): string {
  const command = line.replaceAll(/\bnpm (?=ci|run|test|prune)/g, `npx --yes npm@${version} `)
  process.stdout.write(`+ ${command}\n`)
  // Only what a newcomer's shell has: none of what npm told the processes that it started.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('npm_')))
  const options = { cwd: folder, env, shell: true, encoding: 'utf8', timeout: STEP_MS_MAX } as const
  const { status, signal, stdout, stderr } = spawnSync(command, { ...options, maxBuffer: 2 ** 28 })
  process.stdout.write(stdout + stderr)
  if (status !== 0) throw new Error(`"${command}" ended with ${status ?? signal}.`)
  if (/^npm (ci|prune)/.test(line) && NOT_CALM.test(stderr)) throw new Error(`"${command}" is not calm.`)
  return stdout
}

function tryWith(version: string, folder: string): void {
  const origin: Place = { folder: join(folder, 'origin'), version }
  const clone: Place = { folder: join(folder, 'clone'), version }
  run({ folder, version }, `git clone --quiet "${ROOT}" origin && git clone --quiet origin clone`)
  for (const line of linesIn('README.md', 'Try both sides')) run(clone, line)
  run(clone, `npm test -- ${TESTS.join(' ')}`)
  run(clone, 'node bin/node.js docs/examples/scraper.ts')
  for (const line of linesIn('docs/operations.md', '## Upgrade')) run(clone, line)
  const changed = run(clone, 'git status --porcelain')
  if (changed !== '') throw new Error(`npm ${version} changed what git knows:\n${changed}`)
  const lock = join(origin.folder, 'package-lock.json')
  writeFileSync(lock, readFileSync(lock, 'utf8').replaceAll('"version": "0.1.0"', '"version": "0.1.1"'))
  run(origin, 'git -c user.name=x -c user.email=x@example.org commit --quiet --all --message Next')
  run(clone, 'git pull --quiet')
}

const versions = process.argv.slice(2)
const folder = mkdtempSync(join(tmpdir(), 'splitcart-install-'))
try {
  for (const version of versions) {
    const own = mkdtempSync(join(folder, 'npm-'))
    tryWith(version, own)
    rmSync(own, { recursive: true })
  }
  process.stdout.write(`npm ${versions.join(', ')}: installed, tried and upgraded\n`)
} finally {
  rmSync(folder, { recursive: true, force: true })
}
