/** The inputs that are kept in the repository, a file each: `fuzz/corpus/<target>/<first of their SHA-256>`. */
import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Coverage } from './coverage.ts'
import { fuzz } from './fuzzer.ts'
import type { Target } from './target.ts'

const FOLDER = join(import.meta.dirname, 'corpus')
const FILES_MAX = 40
const FILE_BYTES_MAX = 4096

/** The corpus of a target, smallest inputs first. */
export function readCorpus(name: string): Buffer[] {
  const folder = join(FOLDER, name)
  return bySize(readdirSync(folder).map((file) => readFileSync(join(folder, file))))
}

/** Replaces the corpus of a target by the fewest and smallest of some inputs that do all that these do. */
export async function writeCorpus(name: string, target: Target, coverage: Coverage, inputs: readonly Buffer[]) {
  const small = bySize(inputs.filter(({ length }) => length > 0 && length <= FILE_BYTES_MAX))
  const effort = { seed: 0, executions: 0, ms: Number.POSITIVE_INFINITY }
  const { corpus } = await fuzz(target, coverage, small, effort)
  const folder = join(FOLDER, name)
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  for (const input of corpus.slice(0, FILES_MAX)) writeFileSync(join(folder, nameOf(input)), input)
}

/** What an input is called. */
export function nameOf(input: Buffer): string {
  return createHash('sha256').update(input).digest('hex').slice(0, 16)
}

function bySize(inputs: readonly Buffer[]): Buffer[] {
  return inputs.toSorted((one, other) => one.length - other.length || Buffer.compare(one, other))
}
