/** What update-db does at this moment: its lock says whether it runs (of a fleet, the inbox: the latest of its loads is shown), the ledger what it works on, a small file how far it is. */
import { join } from 'node:path'
import { isLocked } from '@splitcart/shared/lock.ts'
import { progressIn } from '../inbox/progress.ts'
import type { Reading } from './reading.ts'
import type { LoaderView } from './system-schema.ts'

// Of a load that a crash ended the ledger may still say that it is being made. The latest is the one.
const LEFT_MAX = 20

/** Looks at the loader, whichever process started it. */
export async function loaderState({ inbox }: Reading): Promise<LoaderView> {
  const { disk, folders, ledger } = inbox
  const nothing = { since: null, upload: null, progress: null }
  const isRunning = await (inbox.fleet?.hasLoaders() ?? isLocked(join(folders.data, '.update-db.lock')))
  if (!isRunning) return { ...nothing, state: 'not running' }
  const loading = await ledger.uploads.list({ state: 'loading', limit: LEFT_MAX })
  const [upload] = loading.sort((one, other) => (other.loading_at ?? 0) - (one.loading_at ?? 0))
  if (upload === undefined) return { ...nothing, state: 'idle', since: timeOf(await ledger.uploads.lastSettled()) }
  const { id, filename, bytes, loading_at } = upload
  const progress = await progressIn(disk, folders.data)
  return {
    state: 'working',
    since: timeOf(loading_at),
    upload: { id, filename, bytes },
    progress: progress?.upload_id === id ? progress : null,
  }
}

/** A time in milliseconds as text. */
export function timeOf(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString()
}
