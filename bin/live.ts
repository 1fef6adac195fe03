/** A line on stderr that is redrawn to show progress. */
import type { createLogUpdate as createLibraryLogUpdate } from 'log-update'

const DRAW_MS_MIN = 80

export type LogUpdate = Readonly<{ draw: (line: () => string) => void; clear: () => void; done: () => void }>

/** Opens a live line. `draw` builds and redraws it at most once in `DRAW_MS_MIN`. */
export function createLogUpdate(): LogUpdate {
  let update: ReturnType<typeof createLibraryLogUpdate> | undefined
  // Loaded only on a terminal, as it takes 27 ms.
  void import('log-update').then((library) => {
    update = library.createLogUpdate(process.stderr)
  })
  let drawnAt = 0
  return {
    draw: (line) => {
      if (performance.now() - drawnAt < DRAW_MS_MIN) return
      drawnAt = performance.now()
      update?.(line())
    },
    clear: () => update?.clear(),
    done: () => update?.clear(),
  }
}
