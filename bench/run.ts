/** `npm run bench [-- NAME …] [--rounds N]`: measures, side by side with what people would use instead. */
import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { acceptBig } from './accept.ts'
import { type Benchmark, compare, type Result } from './compare.ts'
import { firstLoad, nextDayLoad } from './load.ts'

const BENCHMARKS: Readonly<Record<string, () => Promise<Benchmark>>> = {
  accept: acceptBig,
  'first-load': firstLoad,
  'next-day-load': nextDayLoad,
}

async function main(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    options: { rounds: { type: 'string', default: '5' } },
    allowPositionals: true,
  })
  const unknown = positionals.filter((name) => !Object.hasOwn(BENCHMARKS, name))
  const rounds = Number(values.rounds)
  if (unknown.length > 0 || !(Number.isInteger(rounds) && rounds > 0)) {
    print(`npm run bench [-- NAME …] [--rounds N], with NAME one of: ${Object.keys(BENCHMARKS).join(', ')}`)
    return 2
  }
  print(
    `${cpus().length} × ${cpus()[0]?.model}, Node ${process.versions.node}, SQLite ${process.versions.sqlite}, ${rounds} rounds`,
  )
  for (const name of positionals.length > 0 ? positionals : Object.keys(BENCHMARKS)) {
    await using benchmark = await BENCHMARKS[name]!()
    print(`\n${benchmark.title}\n`)
    for (const line of tableOf(benchmark, await compare(benchmark, rounds))) print(line)
  }
  return 0
}

function tableOf({ unit }: Benchmark, results: readonly Result[]): string[] {
  const rows = results.map(({ name, seconds, perSecond, ratio }) => {
    const [least, middle, most] = [seconds[0]!, seconds[Math.floor(seconds.length / 2)]!, seconds.at(-1)!]
    return `| ${name} | ${least.toFixed(2)} | ${middle.toFixed(2)} | ${most.toFixed(2)} | ${Math.round(perSecond).toLocaleString('en')} | ${ratio.toFixed(2)} |`
  })
  return [`| | least s | median s | most s | ${unit}/s | times our time |`, '|---|---|---|---|---|---|', ...rows]
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}

process.exitCode = await main(process.argv.slice(2))
