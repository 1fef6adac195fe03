/** The state of an upload and, while it is being loaded, the progress. */
import type { Progress } from '@splitcart/data-management/http/events/events-schema.ts'
import type { UploadView } from '@splitcart/data-management/http/routes/uploads-schema.ts'
import { skipToken, useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { UploadState } from '../../parts/badge.tsx'
import { percent } from '../../parts/format.ts'
import style from './load-state.module.css'

/** The state as a badge, a pending action, and the progress. */
export function LoadState({ upload }: Readonly<{ upload: UploadView }>): ReactNode {
  return (
    <span className={style.state}>
      <UploadState state={upload.state} />
      {upload.state === 'loading' && <LoadProgress id={upload.id} />}
      {upload.details?.requested_action && (
        <span className={style.action}>{PENDING_ACTION_TEXTS[upload.details.requested_action.what]}</span>
      )}
    </span>
  )
}

const PENDING_ACTION_TEXTS = { load: 'to be loaded', undo: 'to be undone', discard: 'to be discarded' } as const

function LoadProgress({ id }: Readonly<{ id: string }>): ReactNode {
  // Set by the live events and never fetched.
  const { data } = useQuery<Progress>({ queryKey: ['progress', id], queryFn: skipToken })
  if (data === undefined || data.of_bytes === 0) return null
  const share = Math.min(1, data.bytes / data.of_bytes)
  return (
    <span className={style.far}>
      <progress value={share} max={1} aria-label="Loaded so far" />
      {percent(Math.floor((100 * data.bytes) / data.of_bytes) / 100)}
    </span>
  )
}
