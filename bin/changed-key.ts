/** Detects a changed key, for a long-running process whose key is rotated. */
import { path as readPath } from '@splitcart/shared/setting-readers.ts'
import { keyIn } from './key-file.ts'
import { environmentWith, findSettings } from './settings-files.ts'

const STANDARD_INPUT = '-'

/** Returns a function that gives a new key once; undefined while the key is unchanged or unreadable. */
export function changedKey(key: string, environment: NodeJS.ProcessEnv = process.env): () => string | undefined {
  let inUse = key
  return () => {
    const now = keyNow(environmentWith(findSettings(), environment))
    if (now === undefined || now === '' || now === inUse) return undefined
    inUse = now
    return now
  }
}

function keyNow(settings: Readonly<Record<string, string | undefined>>): string | undefined {
  const { API_SECRET_KEY: key, API_SECRET_KEY_FILE: path } = settings
  if (key || path === undefined || path === '' || path === STANDARD_INPUT) return key
  const found = keyIn(readPath(path))
  return 'key' in found ? found.key : undefined
}
