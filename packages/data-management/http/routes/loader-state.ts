/** Reads what update-db does: whether it runs (inbox), its upload (ledger), and its progress (a small file). */
import { isoTime } from '@splitcart/shared/time.ts'
import type { InboxStatus } from '../../inbox/inbox.ts'
import { progressIn } from '../../inbox/progress.ts'
import type { QueryContext } from '../threads/query-context.ts'
import type { LoaderView } from './system-schema.ts'

// After a crash, the ledger may still list aborted loads as `loading`: the latest one is running.
const LOADING_MAX = 20

/** The state of the loader. `hasLoader`: whether one runs anywhere. */
export async function loaderState({ inbox }: QueryContext, { hasLoader }: InboxStatus): Promise<LoaderView> {
  const { disk, folders, ledger } = inbox
  const nothing = { since: null, upload: null, progress: null }
  if (!hasLoader) return { ...nothing, state: 'not running' }
  const loading = await ledger.uploads.list({ state: 'loading', limit: LOADING_MAX })
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
