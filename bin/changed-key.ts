/** The key as it is now, for a process that stays while its key is exchanged. */
import { readFileSync } from 'node:fs'
import { parseEnv } from 'node:util'
import { keyIn } from './key-file.ts'

const STANDARD_INPUT = '-'

/** What tells the key that has taken the place of the one in use; undefined while it is the same, or cannot be read. */
export function changedKey(key: string, environment: NodeJS.ProcessEnv = process.env): () => string | undefined {
  const read = sourceOf(key, environment)
  let inUse = key
  return () => {
    const now = read()
    if (now === undefined || now === '' || now === inUse) return undefined
    inUse = now
    return now
  }
}

/** Where the key came from: a file of its own, `.env`, or the environment, which does not change. */
function sourceOf(key: string, { API_SECRET_KEY_FILE: path }: NodeJS.ProcessEnv): () => string | undefined {
  if (inEnvFile() === key) return inEnvFile
  if (path === undefined || path === '' || path === STANDARD_INPUT) return () => undefined
  return () => {
    const found = keyIn(path)
    return 'key' in found ? found.key : undefined
  }
}

function inEnvFile(): string | undefined {
  try {
    return parseEnv(readFileSync('.env', 'utf8')).API_SECRET_KEY
  } catch {
    return undefined
  }
}
