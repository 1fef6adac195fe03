/** A command that runs to its end: how long it takes, and its memory at the peak. */
import type { Started } from '../test/machines.ts'
import { watchPeak } from '../test/memory-group.ts'

/** Waits for a command and throws when it fails. */
export async function watched({ child, ended }: Started): Promise<{ peakBytes: number; seconds: number }> {
  const start = performance.now()
  const peak = watchPeak(child.pid!)
  const { code, stderr } = await ended
  // 3: its lines are no rows, which the loader tells.
  if (code !== 0 && code !== 3) throw new Error(`${child.spawnargs.join(' ')} ended with ${code}: ${stderr}`)
  return { peakBytes: peak(), seconds: (performance.now() - start) / 1000 }
}
