/** A thread of the simulator: tells the stories it is sent the seeds of. What the product cannot be handed is replaced here. */
import { registerHooks } from 'node:module'
import { parentPort } from 'node:worker_threads'
import type { Asked } from './story.ts'

// The batches that the product reads in, and what is enough here.
const BATCHES = new Set([64, 256, 512, 1024].map((kib) => kib * 1024))
const BUFFER_BYTES = 4_000

const STAND_INS: Readonly<Record<string, string>> = {
  'node:crypto': new URL('crypto-stand-in.ts', import.meta.url).href,
  'node:zlib': new URL('zlib-stand-in.ts', import.meta.url).href,
  '@splitcart/shared/lock.ts': new URL('lock-stand-in.ts', import.meta.url).href,
}

registerHooks({
  resolve: (specifier, context, next) => {
    const url = context.parentURL?.includes('/packages/') ? STAND_INS[specifier] : undefined
    return url === undefined ? next(specifier, context) : { url, shortCircuit: true }
  },
})

// The files here are tiny: the buffers they are read into need not be large.
const { allocUnsafe } = Buffer
const tiny = (bytes: number) => allocUnsafe(BATCHES.has(bytes) ? BUFFER_BYTES : bytes)
Buffer.allocUnsafe = tiny
Buffer.allocUnsafeSlow = tiny

// Loaded only now, with the stand-in in its place.
const { tell } = await import('./story.ts')

const { stackTraceLimit } = Error

parentPort!.on('message', async ({ batch, stories }: { batch: number; stories: Asked[] }) => {
  // Errors of this file system are made by the million: with their stacks only where one story is looked at.
  Error.stackTraceLimit = stories.length === 1 ? stackTraceLimit : 0
  parentPort!.postMessage({ batch, told: await Promise.all(stories.map(tell)) })
})
