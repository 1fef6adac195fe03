/** How much a test does of what could be done for ever: a little of it in `npm test`, more in `npm run test:long`. */
import { spawnSync } from 'node:child_process'

/** Whether this is `npm run test:long`. */
export const IS_LONG = process.env.SPLITCART_TESTS === 'long'

/** The little or the more. */
export function effort<Little, More>(little: Little, more: More): Little | More {
  return IS_LONG ? more : little
}

/** A number below `max` by which a test chooses what it tries: of one commit the same, wherever and how often it is tested. */
export function seedOf(max: number): number {
  const { status, stdout } = spawnSync('git', ['rev-parse', 'HEAD'], { cwd: import.meta.dirname, encoding: 'utf8' })
  return status === 0 ? Number.parseInt(stdout.slice(0, 12), 16) % max : 1
}
