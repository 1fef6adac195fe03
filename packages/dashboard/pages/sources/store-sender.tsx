/** The machine that sent the latest scrape of a store, identified by its key. */
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { machinesQuery } from '../../api/key-queries.ts'
import { uploadQuery } from '../../api/queries.ts'
import { useIsAdmin } from '../../api/session.ts'
import { scrapesOfStoreQuery } from '../../api/source-queries.ts'
import { Ago } from '../../parts/time.tsx'
import { UntrustedText } from '../../parts/untrusted-text.tsx'

/** The name of the key, linked to the uploads it sent, and, for admins, when the key was last used. */
export function StoreSender({ store }: Readonly<{ store: string }>): ReactNode {
  const isAdmin = useIsAdmin()
  const scrapes = useInfiniteQuery(scrapesOfStoreQuery(store))
  const id = scrapes.data?.pages[0]?.scrapes[0]?.upload_id ?? null
  const upload = useQuery({ ...uploadQuery(id ?? ''), enabled: id !== null })
  const machines = useQuery({ ...machinesQuery, enabled: isAdmin })
  const sender = upload.data?.details?.sender
  if (sender === undefined) return '–'
  if (sender === null) return 'copied into the inbox by hand'
  const heard = machines.data?.find((key) => key.id === sender.key_id)?.last_used_at ?? null
  return (
    <>
      <Link to="/uploads" search={{ key: sender.key_id }}>
        <UntrustedText text={sender.name} />
      </Link>
      {heard !== null && (
        <>
          , heard of <Ago at={heard} />
        </>
      )}
    </>
  )
}
