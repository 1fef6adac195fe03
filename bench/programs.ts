/** Other programs: whether they are here, and running them. */
import { type SpawnOptions, spawn } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

/** The packages of Debian that programs come in. */
const PACKAGES = {
  curl: 'curl',
  gzip: 'gzip',
  nginx: 'nginx-light',
  rclone: 'rclone',
  'sqlite-utils': 'sqlite-utils',
  sync: 'coreutils',
} as const

export type ProgramName = keyof typeof PACKAGES

/** Which of some programs are missing, as a sentence that says what to do; undefined when none is. */
export function missing(names: readonly ProgramName[]): string | undefined {
  const absent = names.filter((name) => !isHere(name))
  if (absent.length === 0) return undefined
  return `${absent.join(', ')} missing: apt-get install ${absent.map((name) => PACKAGES[name]).join(' ')}`
}

function isHere(name: string): boolean {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin']
  return folders.some((folder) => {
    try {
      accessSync(join(folder, name), constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}

/** Runs a program to its end and gives what it printed; throws when it fails. */
export async function output(command: string, args: readonly string[], options: SpawnOptions = {}): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'], ...options })
  let printed = ''
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    printed += text
  })
  child.on('error', reject)
  child.on('close', (code) => (code === 0 ? resolve(printed) : reject(new Error(`${command} ended with ${code}`))))
  return promise
}
