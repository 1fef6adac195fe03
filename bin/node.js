#!/usr/bin/env node
// Any Node starts this, and it runs the one that the project pins: `node bin/node.js FILE.ts …` takes what `node` takes.
import { isNewEnough, pinnedNode, runOn } from './pinned-node.js'

runOn(pinnedNode() ?? (isNewEnough() ? process.execPath : undefined), process.argv.slice(2))
