/**
 * `npm run supply`: how old the pinned Node is, whether there is a newer one for every platform, and whether weaknesses of what is installed are
 * known. It asks the registry, so it is no part of `npm run check`, and it says so where nobody answers.
 *
 * Exit code 1: somebody has to do something.
 */
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'

/** When versions of packages were published, by package and version. */
export type Published = Readonly<Record<string, Readonly<Record<string, string>>>>

/** What is told, and whether somebody has to do something. */
export type Finding = Readonly<{ text: string; isDue: boolean }>

/** A newer build of our line is taken within so many days. */
export const NODE_DAYS_MAX = 14

const ROOT = join(import.meta.dirname, '..')
const DAY_MS = 86_400_000
const ANSWER_MS_MAX = 60_000
const ASK = promisify(execFile)

/** What is to be said about the Node that is pinned: the same version of the builds for all platforms. */
export function aboutNode(pinned: Readonly<Record<string, string>>, published: Published, now: number): Finding {
  const versions = new Set(Object.values(pinned))
  const [version = ''] = versions
  if (versions.size !== 1)
    return { text: `The platforms have different Nodes: ${[...versions].join(', ')}.`, isDue: true }
  const [major] = version.split('.')
  const [first = {}, ...others] = Object.keys(pinned).map((name) => published[name] ?? {})
  const common = Object.keys(first)
    .filter((each) => each.split('.')[0] === major && /^[\d.]+$/.test(each) && others.every((times) => each in times))
    .sort(byNumbers)
  const newest = common.at(-1) ?? version
  const next = common.find((each) => byNumbers(each, version) > 0)
  const ageOf = (each: string) => Math.floor((now - Date.parse(first[each] ?? '')) / DAY_MS)
  const age = `Node ${version} is pinned; its build is ${ageOf(version)} days old.`
  if (next === undefined)
    return { text: `${age} There is no newer one of line ${major} for every platform.`, isDue: false }
  const days = ageOf(next)
  const todo = `Newer for every platform: ${newest}, since ${days} days there is one; it is taken within ${NODE_DAYS_MAX}.`
  return { text: `${age} ${todo}`, isDue: days > NODE_DAYS_MAX }
}

/** What is to be said about known weaknesses, from what `npm audit --json` printed. */
export function aboutWeaknesses(printed: string): Finding {
  const nobody =
    'Known weaknesses: nobody answered. Give sbom.json (npm run sbom) to a scanner that reads CycloneDX, such as osv-scanner.'
  const counts = countsIn(printed)
  if (counts === undefined) return { text: nobody, isDue: false }
  const found = Object.entries(counts).filter(([name, count]) => name !== 'total' && count > 0)
  if (found.length === 0) return { text: 'Known weaknesses of what is installed: none.', isDue: false }
  return {
    text: `Known weaknesses: ${found.map(([name, count]) => `${count} ${name}`).join(', ')}. See npm audit.`,
    isDue: true,
  }
}

function countsIn(printed: string): Record<string, number> | undefined {
  try {
    return JSON.parse(printed).metadata?.vulnerabilities
  } catch {
    return undefined
  }
}

function byNumbers(one: string, other: string): number {
  const [ones, others] = [one, other].map((text) => text.split('.').map(Number))
  const place = ones!.findIndex((number, index) => number !== others![index])
  return place === -1 ? 0 : ones![place]! - others![place]!
}

/** What npm printed, also when it ended with a fault of its own; undefined: nothing in time. */
async function npm(...args: string[]): Promise<string> {
  const options = { cwd: ROOT, timeout: ANSWER_MS_MAX, maxBuffer: 64 * 1024 * 1024 }
  const ended = await ASK('npm', [...args, '--fetch-retries=0'], options).catch((error: { stdout?: string }) => error)
  return ended.stdout ?? ''
}

async function publishedOf(names: readonly string[]): Promise<Published | undefined> {
  const published: Record<string, Record<string, string>> = {}
  for (const name of names) {
    const printed = await npm('view', name, 'time', '--json')
    if (!printed.startsWith('{')) return undefined
    published[name] = JSON.parse(printed)
  }
  return published
}

async function main(): Promise<number> {
  const { optionalDependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
  const published = await publishedOf(Object.keys(optionalDependencies))
  const node =
    published === undefined
      ? { text: 'The age of the pinned Node: nobody answered.', isDue: false }
      : aboutNode(optionalDependencies, published, Date.now())
  const findings = [node, aboutWeaknesses(await npm('audit', '--omit=dev', '--json'))]
  for (const { text } of findings) process.stdout.write(`${text}\n`)
  return findings.some(({ isDue }) => isDue) ? 1 : 0
}

if (import.meta.main) process.exitCode = await main()
