/** The points of a run: every system call that touches a file of ours, each with the blow that hits just this call. */
import { type Blow, CALLS, type Call } from './strace.ts'

/**
 * A call that can be hit. `label` names it without what differs from run to run; the paths of the blow start at the root. `order`: which call of the run it was.
 * `effect`: what happens there, where that is not the same at all points.
 */
export type Point = Readonly<{ label: string; blow: Omit<Blow, 'effect'>; order: number; effect?: string }>

/** Which calls are points. */
export type Wanted = (call: Call) => boolean

/**
 * The calls that change something. Death at one that only reads, or fails, is death at the next one that changes something; and
 * the index of a write-ahead log (-shm) is memory, which whoever opens the database first makes anew.
 */
export const changes: Wanted = ({ name, creates, text, paths }) =>
  (name !== 'openat' || creates) && !/ = -1 /.test(text) && !(name === 'pwrite64' && paths[0]?.endsWith('-shm'))

export const anything: Wanted = () => true

// The id of a part in the inbox, what a writer adds to the name of its part, and the mark of a file that is whole.
const RANDOM = /[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f-]{21}|\d+-[0-9a-f]{12}(?=\.jsonl)|\.whole-\d+-\d+-[\d.]+/

/** The points among the calls of a run on the files below `root`. */
export function pointsIn(calls: readonly Call[], root: string, wanted: Wanted): Point[] {
  const seen = calls.filter(({ name }) => CALLS.some((one) => one === name))
  return [...namedPoints(seen, root, wanted), ...unnamedPoints(seen, root, wanted)].sort(
    (one, other) => one.order - other.order,
  )
}

const ONLY_IN_MEMORY = new Set(['openat', 'write', 'pwrite64', 'ftruncate', 'fallocate', 'mkdir', 'mkdirat'])

/** The points that differ for a disk: of several writes in a row, none of which is synced before the next, only the first. */
export function durablyDifferent(points: readonly Point[]): Point[] {
  const isWrite = (point: Point | undefined) => point !== undefined && ONLY_IN_MEMORY.has(point.blow.call)
  return points.filter((point, index) => !isWrite(point) || !isWrite(points[index - 1]))
}

/**
 * The calls on paths that are the same in every run, each counted among those of its name on its own paths: among those on all paths it would
 * not be met where another thread comes to the same number first.
 */
function namedPoints(seen: readonly Call[], root: string, wanted: Wanted): Point[] {
  const isOurs = (path: string) => path === root || path.startsWith(`${root}/`)
  return seen.flatMap((call, order) => {
    const paths = call.paths.filter((path) => isOurs(path) && !RANDOM.test(path))
    if (paths.length === 0 || !wanted(call)) return []
    const same = seen.filter(
      ({ name, thread, paths: others }) =>
        name === call.name && thread === call.thread && others.some((path) => paths.includes(path)),
    )
    const blow = { call: call.name, at: same.indexOf(call) + 1, paths: paths.map((path) => path.slice(root.length)) }
    return [{ label: labelOf(call, root), blow, order }]
  })
}

/** The calls on files with random names: counted among all calls of that name, in which the opening of modules is lost. */
function unnamedPoints(seen: readonly Call[], root: string, wanted: Wanted): Point[] {
  return numbered(seen).flatMap(({ call, at }) => {
    const isRandom = call.paths.length > 0 && call.paths.every((path) => path.startsWith(root) && RANDOM.test(path))
    if (!isRandom || call.name === 'openat' || !wanted(call)) return []
    return [{ label: labelOf(call, root), blow: { call: call.name, at, paths: [] }, order: seen.indexOf(call) }]
  })
}

function numbered(calls: readonly Call[]): { call: Call; at: number }[] {
  const counts = new Map<string, number>()
  return calls.map((call) => {
    const key = `${call.thread} ${call.name}`
    const at = (counts.get(key) ?? 0) + 1
    counts.set(key, at)
    return { call, at }
  })
}

/**
 * The number to try next of a call that a run has missed. What is counted among all calls of a name is counted among those with which the
 * threads of Node wake each other up, too, which are not as many in each run.
 */
export function nextNumber({ label, blow }: Point, at: number, calls: readonly Call[], root: string): number {
  if (blow.paths.length > 0) return at
  const seen = numbered(calls).filter(({ call }) => labelOf(call, root) === label)
  const [nearest] = seen.map((one) => one.at).sort((one, other) => Math.abs(one - at) - Math.abs(other - at))
  return nearest ?? at + 1
}

/** A call in words that are the same in every run. */
export function labelOf({ name, paths }: Call, root: string): string {
  return `${name} ${paths.map((path) => path.replace(`${root}/`, '').replace(RANDOM, '*')).join(' ')}`
}
