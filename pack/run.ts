/**
 * `npm run pack`: makes in dist/ what people install: the packages for npm, the program as one file for this system, and the package for
 * Debian where dpkg-deb is. `--systems`: one file for every other system, too, with Nodes from the registry. Nothing is sent anywhere.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { bundleInto, ROOT } from './bundle.ts'
import { makeDebian } from './debian.ts'
import { makeExecutable } from './executable.ts'
import { NODE_PROGRAMS, ownNode } from './nodes.ts'
import { buildWriter, describeProgram, fetchNode, packInto, VERSION } from './packages.ts'

const DIST = join(ROOT, 'dist')
const WORK = join(DIST, '.work')
const DEBIAN_NAMES: Readonly<Record<string, string>> = { 'linux-x64': 'amd64', 'linux-arm64': 'arm64' }
const MIB = 1024 * 1024

function executableName(system: string): string {
  return `splitcart-${VERSION}-${system}${system.startsWith('win32') ? '.exe' : ''}`
}

function makeFor(system: string, node: string): void {
  const output = join(DIST, executableName(system))
  makeExecutable(join(WORK, 'splitcart'), { system, node }, output)
  const architecture = DEBIAN_NAMES[system]
  if (architecture === undefined || spawnSync('dpkg-deb', ['--version']).status !== 0) return
  const packed = { executable: output, version: VERSION, architecture }
  makeDebian(packed, WORK, join(DIST, `splitcart_${VERSION}_${architecture}.deb`))
}

async function main(args: readonly string[]): Promise<void> {
  rmSync(DIST, { recursive: true, force: true })
  mkdirSync(WORK, { recursive: true })
  execFileSync(
    process.execPath,
    ['node_modules/vite/bin/vite.js', 'build', 'packages/dashboard', '--logLevel', 'warn'],
    {
      cwd: ROOT,
      stdio: 'inherit',
    },
  )
  const program = join(WORK, 'splitcart')
  await bundleInto(program)
  describeProgram(program)
  packInto(DIST, program, `splitcart-${VERSION}.tgz`)
  await buildWriter(join(WORK, 'jsonl-writer'))
  packInto(DIST, join(WORK, 'jsonl-writer'), `splitcart-jsonl-writer-${VERSION}.tgz`)
  const own = `${process.platform}-${process.arch}`
  makeFor(own, ownNode())
  if (args.includes('--systems'))
    for (const [system, path] of Object.entries(NODE_PROGRAMS).filter(([system]) => system !== own)) {
      const [name = '', ...inside] = path.split('/')
      makeFor(system, fetchNode(name, inside.join('/'), join(WORK, 'nodes')))
    }
  rmSync(WORK, { recursive: true, force: true })
  for (const name of readdirSync(DIST))
    process.stdout.write(`dist/${name}  ${(statSync(join(DIST, name)).size / MIB).toFixed(1)} MiB\n`)
}

await main(process.argv.slice(2))
