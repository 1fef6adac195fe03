/** Loaded into a server (`node --import`): measures how long its event loop was held, and tells it when SIGUSR2 asks. */
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { isMainThread } from 'node:worker_threads'

const RESOLUTION_MS = 2

if (isMainThread) {
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
  delay.enable()
  process.on('SIGUSR2', () => {
    process.stderr.write(`held the event loop for ${Math.max(0, delay.max / 1e6 - RESOLUTION_MS).toFixed(1)} ms\n`)
    delay.reset()
  })
}
