/** The page of the audit: who did what, newest first. */
import { useInfiniteQuery } from '@tanstack/react-query'
import { type ReactNode, useMemo } from 'react'
import { type AuditEntry, auditQuery } from '../../api/key-queries.ts'
import { useIsAdmin } from '../../api/session.ts'
import { TIME_COLUMN } from '../../parts/columns.tsx'
import { type Column, DataTable } from '../../parts/data-table.tsx'
import { Empty, ErrorNotice, Loading } from '../../parts/notice.tsx'
import { Page } from '../../parts/page.tsx'
import { UntrustedText } from '../../parts/untrusted-text.tsx'
import { AdminOnlyNotice } from './admin-only-notice.tsx'
import { KeysTabs } from './tabs.tsx'

const COLUMNS: readonly Column<AuditEntry>[] = [
  TIME_COLUMN,
  {
    id: 'who',
    title: 'Who',
    width: 'minmax(9rem, 1.5fr)',
    narrow: 'bare',
    sort: ({ who }) => who,
    cell: ({ who }) => <UntrustedText text={who} />,
  },
  {
    id: 'what',
    title: 'Did',
    width: 'minmax(13rem, 1.5fr)',
    narrow: 'first',
    sort: ({ what }) => what,
    cell: ({ what }) => <UntrustedText text={what} />,
  },
  {
    id: 'about',
    title: 'With',
    width: 'minmax(7rem, 1.5fr)',
    narrow: 'bare',
    sort: ({ about }) => about,
    cell: ({ about }) => <UntrustedText text={about} />,
  },
  {
    id: 'detail',
    title: 'Detail',
    width: 'minmax(6rem, 1.5fr)',
    narrow: 'bare',
    sort: ({ detail }) => detail ?? '',
    cell: ({ detail }) => detail !== null && <UntrustedText text={detail} />,
  },
]

/** The page at /audit. */
export function Audit(): ReactNode {
  const isAdmin = useIsAdmin()
  return (
    <Page title="Keys and audit">
      <KeysTabs />
      {isAdmin ? <AuditTable /> : <AdminOnlyNotice what="the audit" />}
    </Page>
  )
}

function AuditTable(): ReactNode {
  const audit = useInfiniteQuery(auditQuery)
  const rows = useMemo(() => audit.data?.pages.flatMap((page) => page.entries) ?? [], [audit.data])
  if (audit.data === undefined)
    return audit.error ? <ErrorNotice error={audit.error} retry={audit.refetch} /> : <Loading />
  if (rows.length === 0) return <Empty title="Nothing was done yet with keys, holds or loads." />
  return <DataTable label="Audit" columns={COLUMNS} rows={rows} idOf={({ id }) => String(id)} more={audit} />
}
