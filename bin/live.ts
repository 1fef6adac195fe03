/** A line on stderr that is drawn over and over while something is on its way. */
import { createLogUpdate as createLibraryLogUpdate } from 'log-update'

const DRAW_MS_MIN = 80

export type LogUpdate = Readonly<{ draw: (line: string) => void; clear: () => void; done: () => void }>

/** Opens a live line; it is drawn a few times a second at most. */
export function createLogUpdate(): LogUpdate {
  const update = createLibraryLogUpdate(process.stderr)
  let drawnAt = 0
  return {
    draw: (line) => {
      if (performance.now() - drawnAt < DRAW_MS_MIN) return
      drawnAt = performance.now()
      update(line)
    },
    clear: () => update.clear(),
    done: () => update.clear(),
  }
}
