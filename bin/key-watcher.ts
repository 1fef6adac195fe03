/** Detects a changed key, for a long-running process whose key is rotated. */
import { path as readPath } from '@splitcart/shared/setting-readers.ts'
import { readKeyFile, STANDARD_INPUT } from './key-file.ts'
import { findSettingsFiles, mergeEnvironment } from './settings-files.ts'

/** Returns a function that returns a changed key once, else undefined; also while the key is unreadable. */
export function createKeyWatcher(key: string, environment: NodeJS.ProcessEnv = process.env): () => string | undefined {
  let inUse = key
  return () => {
    const now = readCurrentKey(mergeEnvironment(findSettingsFiles(), environment))
    if (now === undefined || now === '' || now === inUse) return undefined
    inUse = now
    return now
  }
}

function readCurrentKey(settings: Readonly<Record<string, string | undefined>>): string | undefined {
  const { API_SECRET_KEY: key, API_SECRET_KEY_FILE: path } = settings
  if (key || path === undefined || path === '' || path === STANDARD_INPUT) return key
  const found = readKeyFile(readPath(path))
  return 'key' in found ? found.key : undefined
}
