/** The program as one file for a system: Node itself, with the program inside. */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { globSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ownNode } from './nodes.ts'

/** For which system an executable is made, and with which Node. */
export type Target = Readonly<{ system: string; node: string }>

// How a file begins that such a system can start: offset, bytes.
const HEADS: Readonly<Record<string, readonly (readonly [offset: number, bytes: string])[]>> = {
  'linux-x64': [
    [0, '7f454c4602'],
    [18, '3e00'],
  ],
  'linux-arm64': [
    [0, '7f454c4602'],
    [18, 'b700'],
  ],
  'darwin-x64': [[0, 'cffaedfe07000001']],
  'darwin-arm64': [[0, 'cffaedfe0c000001']],
  'win32-x64': [[0, '4d5a']],
}
const FUSE = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2:1'

/** Throws unless a file is what its system can start, with a program inside that Node is told of. */
export function checkExecutable(path: string, system: string): void {
  const bytes = readFileSync(path)
  const isHeadRight = HEADS[system]?.every(
    ([offset, head]) => bytes.subarray(offset).toString('hex', 0, head.length / 2) === head,
  )
  if (!isHeadRight) throw new Error(`${path} is no program for ${system}`)
  for (const part of [FUSE, 'bin/start.js']) if (!bytes.includes(part)) throw new Error(`${path} does not hold ${part}`)
}

/** Makes the executable of a bundle with the Node of a system, such as `linux-x64`. */
export function makeExecutable(bundle: string, { system, node }: Target, output: string): void {
  const files = globSync('**/*', { cwd: bundle })
    .filter((name) => statSync(join(bundle, name)).isFile())
    .map((name) => name.replaceAll('\\', '/'))
    .sort()
  const digest = createHash('sha256')
  for (const name of files) digest.update(`${name}\0`).update(readFileSync(join(bundle, name)))
  const work = mkdtempSync(join(tmpdir(), 'splitcart-sea-'))
  try {
    const contents = join(work, 'CONTENTS')
    const sizes = files.map((name) => [name, statSync(join(bundle, name)).size])
    writeFileSync(contents, JSON.stringify({ digest: digest.digest('hex').slice(0, 32), files: sizes }))
    const config = join(work, 'sea-config.json')
    const assets = Object.fromEntries(files.map((name) => [name, join(bundle, name)]))
    const main = join(import.meta.dirname, 'executable-main.cjs')
    const sea = {
      main,
      executable: node,
      output,
      disableExperimentalSEAWarning: true,
      execArgv: ['--disable-warning=ExperimentalWarning'],
      assets: { ...assets, CONTENTS: contents },
    }
    writeFileSync(config, JSON.stringify(sea))
    execFileSync(ownNode(), ['--build-sea', config], { stdio: ['ignore', 'ignore', 'inherit'] })
    checkExecutable(output, system)
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}
