#!/usr/bin/env node
// Starts splitcart on a Node that can run it. This file is plain JavaScript, so that an old Node can read it too.
import module from 'node:module'
import { fileURLToPath } from 'node:url'
import { isNewEnough, pinnedNode, runOn } from './pinned-node.js'

// What was compiled is kept next to the program, for its threads and the processes it starts too: a command starts in half the time, and
// what takes the types away, 20 MiB in each of them, is not even loaded. Where nothing may be written, it is not kept.
process.env.NODE_COMPILE_CACHE ??= fileURLToPath(new URL('../node_modules/.cache/compiled', import.meta.url))

if (isNewEnough()) {
  module.enableCompileCache(process.env.NODE_COMPILE_CACHE)
  await import('./splitcart.ts')
} else runOn(pinnedNode(), [fileURLToPath(new URL('splitcart.ts', import.meta.url)), ...process.argv.slice(2)])
