/** `splitcart generate`: realistic scrapes of invented shops, for trying things out and for measuring. */
import type { FileHandle } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { type Plan, planOf } from '@splitcart/generator/plan.ts'
import { cachedLineWriter, type GeneratedScrape, scrapesOf } from '@splitcart/generator/scrapes.ts'
import { type Disk, realDisk } from '@splitcart/shared/disk.ts'
import { publish, removeIfThere, writePart } from '@splitcart/shared/durable-file.ts'
import { makeFolder } from '@splitcart/shared/make-folder.ts'
import { Problem } from '@splitcart/shared/problem.ts'
import type { Command } from 'commander'
import { addOutputOptions, pathArgument, run, wholeNumberArgument } from '../command-line.ts'
import { EXIT } from '../exit-codes.ts'
import { count, size } from '../format.ts'
import type { Terminal } from '../terminal.ts'

type Options = Partial<Plan> & { oneFile?: string; json?: boolean; quiet?: boolean }

const PLAN_OPTIONS = {
  seed: 'another number gives other shops',
  companies: 'how many chains',
  stores: 'how many stores of each chain',
  days: 'how many days',
  products: 'how many rows a store has on a day, about',
} as const

/** Adds the command. */
export function addGenerate(program: Command): void {
  const command = program
    .command('generate')
    .description('write realistic scrapes of invented shops into a folder; the same numbers give the same bytes')
    .argument('<folder>', 'where to write, e.g. scraping/data/product_outbox', pathArgument)
    .option('--one-file <name>', 'write all of them into one file of this name')
  for (const [name, about] of Object.entries(PLAN_OPTIONS))
    command.option(`--${name} <number>`, about, wholeNumberArgument)
  command
    .option('--first-date <date>', 'the first day, e.g. 2025-09-09')
    .action((folder: string, options: Options) => run(options, (terminal) => runGenerate(folder, options, terminal)))
  addOutputOptions(command)
}

async function runGenerate(folder: string, options: Options, terminal: Terminal): Promise<number> {
  const plan = checkedPlan(options)
  const disk = realDisk()
  await makeFolder(disk, folder)
  const write = cachedLineWriter(plan)
  const scrapes = scrapesOf(plan)
  let [files, bytes] = [0, 0]
  const nameOf = (scrape: GeneratedScrape) => options.oneFile ?? scrape.fileName
  for (let next = scrapes.next(); !next.done; files++) {
    const name = nameOf(next.value)
    await writeNewFile(disk, join(folder, name), async (file) => {
      for (; !next.done && nameOf(next.value) === name; next = scrapes.next())
        for (const chunk of write(next.value.store, next.value.day)) {
          await file.appendFile(chunk)
          bytes += chunk.length
        }
    })
  }
  terminal.say(`${count(files, 'file')} in ${folder}, ${size(bytes)}.`)
  terminal.record({ type: 'summary', files, bytes })
  return EXIT.done
}

/** Writes a file atomically, never over an existing one: the folder may be an outbox. */
async function writeNewFile(disk: Disk, path: string, write: (part: FileHandle) => Promise<void>): Promise<void> {
  const part = join(dirname(path), `.${basename(path)}.part`)
  await removeIfThere(disk, part)
  await writePart(disk, part, write)
  try {
    await publish(disk, part, dirname(path), [basename(path)])
  } catch (cause) {
    await removeIfThere(disk, part)
    if (cause instanceof Error && 'code' in cause) throw cause
    throw new Problem('settings_invalid', `\n  ${path} is there and holds something else; name another folder`, {
      cause,
    })
  }
}

function checkedPlan(options: Options): Plan {
  const { oneFile: _file, json: _json, quiet: _quiet, ...chosen } = options
  try {
    return planOf(chosen)
  } catch (cause) {
    throw new Problem('settings_invalid', `\n  ${cause instanceof Error ? cause.message : cause}`, { cause })
  }
}
