/** Runs test files in processes, several at a time and in the order given: `node --test` sorts them by name and starts each by itself. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { pathToFileURL } from 'node:url'
import { stripVTControlCharacters } from 'node:util'

/** The files of one process, and what its environment has beside that of all. */
export type Batch = Readonly<{ files: readonly string[]; env?: Readonly<Record<string, string>> }>

/** Batches of which so many run at a time. `isNeeded`: they are begun however late it is. */
export type Stage = Readonly<{ batches: readonly Batch[]; concurrency: number; isNeeded?: boolean }>

export type Pool = Readonly<{
  root: string
  /** Where the files that import a batch are written. */
  folder: string
  env: NodeJS.ProcessEnv
  options: readonly string[]
  /** So many milliseconds after the beginning no batch is begun any more that is not needed. */
  beginMsMax: number
}>

/** How a batch ended; `failures`: what node says of its failing tests. */
type Ended = Readonly<{ batch: Batch; hasPassed: boolean; seconds: number; failures: string }>

/** How all of them ended, which were not begun, and the sums of what node counts of each. */
export type Result = Readonly<{ ended: readonly Ended[]; left: readonly Batch[]; sums: Map<string, number> }>

const FAILURES_BEGIN = '✖ failing tests:\n'
const SUMMARY_LINE = /^[#ℹ] (tests|suites|pass|fail|cancelled|skipped|todo|duration_ms) ([\d.]+)\n?/gm

/** Runs the stages one after the other, and each batch in a process of its own; what one printed is passed on when it has ended. */
export async function runPool(pool: Pool, stages: readonly Stage[]): Promise<Result> {
  const sums = new Map<string, number>()
  const ended: Ended[] = []
  const left: Batch[] = []
  let begun = 0
  const end = performance.now() + pool.beginMsMax
  const run = async (batch: Batch, isNeeded: boolean) => {
    const start = performance.now()
    if (start > end && !isNeeded) {
      left.push(batch)
      return
    }
    const { output, hasPassed } = await runBatch(pool, batch, begun++)
    const said = withoutSums(output, sums)
    process.stdout.write(said)
    const [, failures = ''] = stripVTControlCharacters(said).split(FAILURES_BEGIN)
    ended.push({ batch, hasPassed, seconds: (performance.now() - start) / 1000, failures })
  }
  for (const { batches, concurrency, isNeeded = false } of stages) {
    const rest = batches.values()
    const lane = async () => {
      for (const batch of rest) await run(batch, isNeeded)
    }
    await Promise.all(Array.from({ length: concurrency }, lane))
  }
  return { ended, left, sums }
}

async function runBatch({ root, folder, env, options }: Pool, batch: Batch, index: number) {
  const paths = batch.files.map((file) => join(root, file))
  let [entry = ''] = paths
  if (paths.length > 1) {
    entry = join(folder, `batch-${index}.mjs`)
    writeFileSync(entry, paths.map((path) => `import ${JSON.stringify(pathToFileURL(path).href)}\n`).join(''))
  }
  const child = spawn(process.execPath, [...options, entry], {
    cwd: root,
    env: { ...env, ...batch.env },
    stdio: ['inherit', 'pipe', 'inherit'],
  })
  const closed = once(child, 'close')
  const output = await text(child.stdout)
  const [status, signal] = await closed
  const died = signal === null ? '' : `✖ ${batch.files.join(', ')} ended by ${signal}\n`
  return { output: output + died, hasPassed: status === 0 }
}

/** Takes the lines of sums away and adds them up. */
function withoutSums(output: string, sums: Map<string, number>): string {
  const lines = output.split(/(?<=\n)/)
  const kept = lines.filter((line) => {
    const [found] = stripVTControlCharacters(line).matchAll(SUMMARY_LINE)
    const [, name = '', count = ''] = found ?? []
    if (found !== undefined) sums.set(name, (sums.get(name) ?? 0) + Number(count))
    return found === undefined
  })
  return kept.join('')
}
