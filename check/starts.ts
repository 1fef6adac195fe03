/**
 * How programs of the project are started: by bin/splitcart.js or bin/node.js, which find the pinned Node. Most versions of npm make no
 * link to it, and the machine's own Node may be too old for TypeScript.
 */
import type { Fault, Source } from './sources.ts'

const NOT_EVERYWHERE: Readonly<Record<string, RegExp>> = {
  "names npm's link to Node": /\.bin[\\/]node(?![\w-])/,
  "finds Node by npm's link": /\bnpx (-\S+ )*node(?![\w-])/,
  "has npm's links in its PATH": /\bPATH=\S*node_modules[\\/]\.bin/,
  "runs TypeScript on the machine's Node": /(^|[^\w./-])node (-\S+ )*[\w./\\-]+\.tsx?\b/,
}
const SCRIPT = /^(node bin\/(node|splitcart)\.js|npm) /
const OWN_CASES = 'check/supply-cases.ts'

/** Commands in scripts, units and documents that not every npm and every Node can run. */
export function startFaults(sources: readonly Source[]): Fault[] {
  return sources
    .filter(({ path }) => path !== OWN_CASES)
    .flatMap((source) => [...lineFaults(source), ...scriptFaults(source)])
}

function lineFaults({ path, text }: Source): Fault[] {
  return text.split('\n').flatMap((line, index) =>
    Object.entries(NOT_EVERYWHERE).flatMap(([what, pattern]) => {
      const subject = pattern.exec(line)?.[0].trim()
      return subject === undefined ? [] : [faultOf(path, subject, `line ${index + 1}: ${what}`)]
    }),
  )
}

/** npm puts the programs of packages into the PATH of a script, where they run on whatever Node started npm. */
function scriptFaults({ path, text }: Source): Fault[] {
  if (!/(^|\/)package\.json$/.test(path)) return []
  const { scripts = {} }: { scripts?: Readonly<Record<string, string>> } = JSON.parse(text)
  return Object.entries(scripts)
    .filter(([, script]) => !script.split(' && ').every((command) => SCRIPT.test(command)))
    .map(([name]) => faultOf(path, name, `script "${name}" runs on the machine's Node`))
}

function faultOf(path: string, subject: string, what: string): Fault {
  return { rule: 'starts', path, subject, message: `${what}: start with "node bin/node.js" or bin/splitcart.js` }
}
