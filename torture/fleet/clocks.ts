/** Clocks that are wrong, of single programs. */
import { spawnSync } from 'node:child_process'

const FAKETIME = spawnSync('faketime', ['-f', '+0', 'env'], { encoding: 'utf8' })

/** Why no program can be given another clock here, or false. */
export const CLOCK_MISSING: string | false = FAKETIME.status !== 0 && 'faketime is not installed'

/** The environment of a program whose clock is wrong by so many seconds; what it measures and waits for is not. */
export function clockWrongBy(seconds: number): Readonly<Record<string, string>> {
  const library = /^LD_PRELOAD=(.+)$/m.exec(FAKETIME.stdout)?.[1] ?? ''
  const offset = `${seconds < 0 ? '' : '+'}${seconds}`
  return { LD_PRELOAD: library, FAKETIME: offset, FAKETIME_DONT_FAKE_MONOTONIC: '1', DONT_FAKE_MONOTONIC: '1' }
}
