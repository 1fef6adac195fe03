#!/usr/bin/env node
// Starts splitcart on a Node that can run it. This file is plain JavaScript, so that an old Node can read it too.
import module from 'node:module'
import { fileURLToPath } from 'node:url'
import { isNewEnough, pinnedNode, runOn } from './pinned-node.js'

// Compiled code is cached next to the program: commands start in half the time, and threads and child processes do not
// load the type stripper, which takes 20 MiB in each. Without write access nothing is cached.
process.env.NODE_COMPILE_CACHE ??= fileURLToPath(new URL('../node_modules/.cache/compiled', import.meta.url))

if (isNewEnough()) {
  module.enableCompileCache(process.env.NODE_COMPILE_CACHE)
  await import('./splitcart.ts')
} else runOn(pinnedNode(), [fileURLToPath(new URL('splitcart.ts', import.meta.url)), ...process.argv.slice(2)])
