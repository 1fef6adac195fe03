/** Exit codes of the command line. Scripts rely on these numbers: they are never changed. */
import type { Outcome } from '@splitcart/scraping/upload-events.ts'
import type { Problem } from '@splitcart/shared/problem.ts'

export const EXIT = {
  done: 0,
  failure: 1,
  usage: 2,
  partly: 3,
  unreachable: 5,
  keyRefused: 10,
  locked: 11,
} as const

/** The exit code of a run of upload-data. */
export const EXIT_OF_OUTCOME: Readonly<Record<Outcome, number>> = {
  done: EXIT.done,
  partly: EXIT.partly,
  unreachable: EXIT.unreachable,
  key_refused: EXIT.keyRefused,
  failed: EXIT.failure,
}

const KEY_REFUSED: ReadonlySet<string> = new Set(['key_refused', 'scope_missing', 'code_refused'])
const UNREACHABLE: ReadonlySet<string> = new Set(['server_unreachable', 'certificate_refused', 'proxy_refused'])

/** The exit code of a problem that ended a command. */
export function exitCodeOf(problem: Problem): number {
  if (problem.code === 'settings_invalid' || problem.code === 'data_missing') return EXIT.usage
  if (problem.code === 'locked') return EXIT.locked
  if (KEY_REFUSED.has(problem.code)) return EXIT.keyRefused
  if (UNREACHABLE.has(problem.code)) return EXIT.unreachable
  return EXIT.failure
}
