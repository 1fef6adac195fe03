/** `splitcart generate`: realistic scrapes of invented shops, for trying things out and for measuring. */
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { type Plan, planOf } from '@splitcart/scraping/generator/plan.ts'
import { scrapesOf, scribe } from '@splitcart/scraping/generator/scrapes.ts'
import { realDisk } from '@splitcart/shared/disk.ts'
import { makeFolder } from '@splitcart/shared/make-folder.ts'
import { Problem } from '@splitcart/shared/problem.ts'
import { type Command, InvalidArgumentError } from 'commander'
import { pathArgument, printable, run } from '../command-line.ts'
import { EXIT } from '../exit-codes.ts'
import { count, size } from '../format.ts'
import type { Terminal } from '../terminal.ts'

type Options = Partial<Plan> & { oneFile?: string; json?: boolean; quiet?: boolean }

const NUMBERS = {
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
  for (const [name, about] of Object.entries(NUMBERS)) command.option(`--${name} <number>`, about, whole)
  command
    .option('--first-date <date>', 'the first day, e.g. 2025-09-09')
    .action((folder: string, options: Options) => run(options, (terminal) => act(folder, options, terminal)))
  printable(command)
}

async function act(folder: string, options: Options, terminal: Terminal): Promise<number> {
  const plan = checkedPlan(options)
  await makeFolder(realDisk(), folder)
  const write = scribe(plan)
  let files = 0
  let bytes = 0
  let name = ''
  for (const scrape of scrapesOf(plan)) {
    const next = options.oneFile ?? scrape.fileName
    if (next !== name) files++
    const file = await open(join(folder, next), next === name ? 'a' : 'w')
    name = next
    for (const chunk of write(scrape.store, scrape.day)) {
      await file.appendFile(chunk)
      bytes += chunk.length
    }
    await file.close()
  }
  terminal.say(`${count(files, 'file')} in ${folder}, ${size(bytes)}.`)
  terminal.record({ type: 'summary', files, bytes })
  return EXIT.done
}

function checkedPlan(options: Options): Plan {
  const { oneFile: _file, json: _json, quiet: _quiet, ...wishes } = options
  try {
    return planOf(wishes)
  } catch (cause) {
    throw new Problem('settings_invalid', `\n  ${cause instanceof Error ? cause.message : cause}`, { cause })
  }
}

function whole(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('Expected a whole number.')
  return Number(text)
}
