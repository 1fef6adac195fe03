/** Reads the key from a private file or standard input. On a command line, every user of the machine could read it. */
import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs'
import { isatty } from 'node:tty'
import { decodeText } from './env-file.ts'

/** The path that stands for standard input. */
export const STANDARD_INPUT = '-'
const OTHERS_MODE = 0o077
const GROUP_MAY_READ = 0o040
// No key is longer: a larger file was named by mistake.
const BYTES_MAX = 4096
const WAIT_MS = 10

/** The key in API_SECRET_KEY_FILE, or its fault. Follows links, as secrets are often mounted as one. */
export function readKeyFile(path: string): { key: string } | { fault: string } {
  try {
    if (path === STANDARD_INPUT) return readKeyFromInput()
    const file = openSync(path, 'r')
    try {
      const fault = exposureOfKeyFile(file, path)
      return fault === undefined ? validatedKey(readBytes(file), path) : { fault }
    } finally {
      closeSync(file)
    }
  } catch (cause) {
    return { fault: cause instanceof Error ? cause.message : String(cause) }
  }
}

/** A warning if others can read a settings file with a key. No error: existing set-ups must keep working. */
export function exposureOfSettingsFile(path: string): string | undefined {
  if (process.platform === 'win32') return undefined
  const { mode, uid } = statSync(path)
  // A file of root may be readable by its group, which is the server's.
  const others = uid === 0 && process.geteuid?.() !== 0 ? OTHERS_MODE & ~GROUP_MAY_READ : OTHERS_MODE
  return (mode & others) === 0
    ? undefined
    : `warning: ${path} holds the key and can be read by others; run: chmod 600 ${path}`
}

function readKeyFromInput(): { key: string } | { fault: string } {
  if (isatty(0)) return { fault: 'standard input is a terminal, which would show the key; pass it through a pipe' }
  return validatedKey(readBytes(0), 'standard input')
}

/** A sentence if others can read a key file. Checks the open file: its name could lead elsewhere a moment later. */
export function exposureOfKeyFile(file: number, path: string): string | undefined {
  const { mode, uid } = fstatSync(file)
  if (process.platform === 'win32' || process.geteuid === undefined) return undefined
  if ((mode & OTHERS_MODE) !== 0) return `${path} can be read by others; run: chmod 600 ${path}`
  const user = process.geteuid()
  if (uid !== user && uid !== 0 && user !== 0)
    return `${path} belongs to another user (${uid}), who can read it; make a file of your own`
  return undefined
}

function validatedKey(bytes: Buffer, path: string): { key: string } | { fault: string } {
  const key = stripAssignment(decodeText(bytes).trim())
  if (key === '') return { fault: `${path} is empty` }
  return bytes.length > BYTES_MAX ? { fault: `${path} holds more than a key` } : { key }
}

/** Strips a variable name and quotation marks, as in an .env file, from around the key. */
function stripAssignment(text: string): string {
  const value = text.replace(/^(?:export\s+|set\s+|\$env:)?API_SECRET_KEY\s*=\s*/i, '')
  return /^(["'])(?<key>.*)\1$/.exec(value)?.groups?.key ?? value
}

function readBytes(file: number): Buffer {
  const buffer = Buffer.alloc(BYTES_MAX + 1)
  let length = 0
  while (length < buffer.length) {
    const bytes = readPatiently(file, buffer, length)
    if (bytes === 0) break
    length += bytes
  }
  return buffer.subarray(0, length)
}

/** Reads available bytes; waits if there are none yet in a pipe that another program made non-blocking. */
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
