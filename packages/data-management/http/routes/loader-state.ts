/** State of update-db: the inbox tells whether it runs, the ledger its (latest) upload, a small file its progress. */
import { isoTime } from '@splitcart/shared/time.ts'
import type { InboxStatus } from '../../inbox/inbox.ts'
import { progressIn } from '../../inbox/progress.ts'
import type { Reading } from '../threads/reading.ts'
import type { LoaderView } from './system-schema.ts'

// After a crash the ledger may still list ended loads as `loading`; the latest is the real one.
const LEFT_MAX = 20

/** The state of the loader, whichever process started it. */
export async function loaderState({ inbox }: Reading, { hasLoader }: InboxStatus): Promise<LoaderView> {
  const { disk, folders, ledger } = inbox
  const nothing = { since: null, upload: null, progress: null }
  if (!hasLoader) return { ...nothing, state: 'not running' }
  const loading = await ledger.uploads.list({ state: 'loading', limit: LEFT_MAX })
  const [upload] = loading.sort((one, other) => (other.loading_at ?? 0) - (one.loading_at ?? 0))
  if (upload === undefined) return { ...nothing, state: 'idle', since: isoTime(await ledger.uploads.lastSettled()) }
  const { id, filename, bytes, loading_at } = upload
  const progress = await progressIn(disk, folders.data)
  return {
    state: 'working',
    since: isoTime(loading_at),
    upload: { id, filename, bytes },
    progress: progress?.upload_id === id ? progress : null,
  }
}
