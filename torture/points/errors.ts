/**
 * An error at every system call of each process, one at a time: it ends with one clear answer, loses nothing and leaves nothing half
 * done; and a run without errors finishes the rest. An fsync that failed is neither acknowledged nor tried again on its descriptor.
 */
import type { Case, Fault } from '../campaign.ts'
import { anything, type Point, pointsIn } from './points.ts'
import { SCENES } from './scenes.ts'
import { type Choose, FOLDERS, type Hit, type Stage } from './stage.ts'
import type { Call } from './strace.ts'
import { sweepCase } from './sweep.ts'

const ERRORS: Readonly<Record<string, readonly string[]>> = {
  openat: ['EMFILE', 'EACCES', 'EIO'],
  write: ['EIO', 'ENOSPC'],
  pwrite64: ['EIO', 'ENOSPC'],
  fsync: ['EIO', 'ENOSPC'],
  fdatasync: ['EIO', 'ENOSPC'],
  ftruncate: ['EIO'],
  link: ['EIO', 'ENOSPC'],
  rename: ['EIO', 'ENOSPC'],
  unlink: ['EIO', 'EACCES'],
  mkdir: ['EIO', 'ENOSPC'],
}

// The call says that it wrote three bytes, and has written none.
const SHORT_WRITE = 'retval=3'

/** The case: a seed is one error at one point. */
export function errorCase(): Case {
  return sweepCase({ scenes: SCENES, choose, attempt })
}

const choose: Choose = (calls, root) => pointsIn(calls, root, anything).flatMap(withErrors)

function withErrors(point: Point): Point[] {
  const { call } = point.blow
  const effects = (ERRORS[call] ?? ['EIO']).map((error) => `error=${error}`)
  // Where a file lands. A note that is wrong is written again.
  if (call === 'write' && /(product_inbox|product_outbox)\/\.part\//.test(point.label)) effects.push(SHORT_WRITE)
  return effects.map((effect) => ({ ...point, effect }))
}

function attempt(stage: Stage, point: Point): Promise<Fault> {
  return stage.strike(point, point.effect!, FOLDERS, async (ground, told) => {
    if (told.killed) return `it did not end: ${told.printed}`
    return faultOfAnswer(stage, told) ?? faultOfSync(told) ?? (await stage.faultAfter(ground, told))
  })
}

/** A crash instead of an answer. A scraper of somebody else ends as it likes. */
function faultOfAnswer({ scene }: Stage, { code, printed }: Hit): Fault {
  if (scene.name.startsWith('writer')) return undefined
  if (/^Node\.js v\d/m.test(printed)) return `it crashed: ${printed}`
  if (code === null) return `it ended without a code: ${printed}`
  return code !== 0 && printed.trim() === '' ? `it ended with ${code} and said nothing` : undefined
}

function faultOfSync({ calls, acknowledged, wanted }: Hit): Fault {
  const at = calls.findIndex(({ name, text }) => name === 'fsync' && text.includes('(INJECTED)'))
  const failed = calls[at]
  if (failed === undefined || isDatabase(failed)) return undefined
  const descriptor = descriptorOf(failed)
  const next = calls.slice(at + 1).find((call) => descriptorOf(call) === descriptor)
  if (next?.name === 'fsync') return `fsync was tried again on the same descriptor: ${next.text}`
  const isLanding = failed.paths.some((path) => path.includes('/product_inbox'))
  return isLanding && acknowledged.length >= wanted ? 'it acknowledged what it could not sync' : undefined
}

function isDatabase({ paths }: Call): boolean {
  return paths.some((path) => /\.db(-wal|-journal)?$/.test(path))
}

function descriptorOf({ text }: Call): string | undefined {
  return /\((\d+)</.exec(text)?.[1]
}
