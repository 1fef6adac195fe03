/** Reads the key from a private file or standard input: a command line would show it to every user of the machine. */
import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs'
import { isatty } from 'node:tty'
import { decoded } from './env-file.ts'

const STANDARD_INPUT = '-'
const OTHERS_MAY = 0o077
const GROUP_MAY_READ = 0o040
// No key is longer: a larger file was named by mistake.
const BYTES_MAX = 4096
const WAIT_MS = 10

/** The key in API_SECRET_KEY_FILE, or its fault. Follows links, as secrets are often mounted as one. */
export function keyIn(path: string): { key: string } | { fault: string } {
  try {
    if (path === STANDARD_INPUT) return fromStandardInput()
    const file = openSync(path, 'r')
    try {
      const fault = exposureOfFile(file, path)
      return fault === undefined ? checked(read(file), path) : { fault }
    } finally {
      closeSync(file)
    }
  } catch (cause) {
    return { fault: cause instanceof Error ? cause.message : String(cause) }
  }
}

/** A warning if others can read a settings file with a key. No error: it may hold more, and have worked for years. */
export function exposureOf(path: string): string | undefined {
  if (process.platform === 'win32') return undefined
  const { mode, uid } = statSync(path)
  // A file of root may be readable for its group, which is that of the server.
  const others = uid === 0 && process.geteuid?.() !== 0 ? OTHERS_MAY & ~GROUP_MAY_READ : OTHERS_MAY
  return (mode & others) === 0
    ? undefined
    : `warning: ${path} holds the key and can be read by others; run: chmod 600 ${path}`
}

function fromStandardInput(): { key: string } | { fault: string } {
  if (isatty(0)) return { fault: 'standard input is a terminal, which would show the key; pass it through a pipe' }
  return checked(read(0), 'standard input')
}

/** A sentence if others can read a key file. Checks the open file: its name could lead elsewhere a moment later. */
export function exposureOfFile(file: number, path: string): string | undefined {
  const { mode, uid } = fstatSync(file)
  if (process.platform === 'win32' || process.geteuid === undefined) return undefined
  if ((mode & OTHERS_MAY) !== 0) return `${path} can be read by others; run: chmod 600 ${path}`
  const user = process.geteuid()
  if (uid !== user && uid !== 0 && user !== 0)
    return `${path} belongs to another user (${uid}), who can read it; make a file of your own`
  return undefined
}

function checked(bytes: Buffer, path: string): { key: string } | { fault: string } {
  const key = keyAlone(decoded(bytes).trim())
  if (key === '') return { fault: `${path} is empty` }
  return bytes.length > BYTES_MAX ? { fault: `${path} holds more than a key` } : { key }
}

/** Strips a variable name and quotation marks, as in an .env file, from around the key. */
function keyAlone(text: string): string {
  const value = text.replace(/^(?:export\s+|set\s+|\$env:)?API_SECRET_KEY\s*=\s*/i, '')
  return /^(["'])(?<key>.*)\1$/.exec(value)?.groups?.key ?? value
}

function read(file: number): Buffer {
  const buffer = Buffer.alloc(BYTES_MAX + 1)
  let length = 0
  while (length < buffer.length) {
    const bytes = readPatiently(file, buffer, length)
    if (bytes === 0) break
    length += bytes
  }
  return buffer.subarray(0, length)
}

/** Reads what is there. A pipe that another program made non-blocking has nothing yet instead of waiting. */
function readPatiently(file: number, buffer: Buffer, offset: number): number {
  for (;;)
    try {
      return readSync(file, buffer, offset, buffer.length - offset, null)
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      // Windows reports the end of a pipe this way.
      if (code === 'EOF') return 0
      if (code !== 'EAGAIN') throw error
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, WAIT_MS)
    }
}
