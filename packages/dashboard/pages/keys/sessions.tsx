/** The page of the open sessions, where admins can end them. */
import { Button } from '@mantine/core'
import type { SessionsView } from '@splitcart/data-management/http/auth/session-schema.ts'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { type ReactNode, useMemo } from 'react'
import { sessionsQuery } from '../../api/key-queries.ts'
import { sendJson } from '../../api/request.ts'
import { useIsAdmin } from '../../api/session.ts'
import { type Column, DataTable } from '../../parts/data-table.tsx'
import { Empty, ErrorNotice, Loading } from '../../parts/notice.tsx'
import { Page } from '../../parts/page.tsx'
import { Ago, DateOfTime } from '../../parts/time.tsx'
import { UntrustedText } from '../../parts/untrusted-text.tsx'
import { AdminOnlyNotice } from './admin-only-notice.tsx'
import { KeysTabs } from './tabs.tsx'

type OpenSession = SessionsView['sessions'][number]

/** The page at /sessions. */
export function Sessions(): ReactNode {
  const isAdmin = useIsAdmin()
  return (
    <Page title="Keys and audit">
      <KeysTabs />
      {isAdmin ? <SessionTable /> : <AdminOnlyNotice what="who is signed in" />}
    </Page>
  )
}

function SessionTable(): ReactNode {
  const client = useQueryClient()
  const sessions = useQuery(sessionsQuery)
  const ending = useMutation({
    mutationFn: (id: string) => sendJson('DELETE', `/api/sessions/${encodeURIComponent(id)}`),
    onSettled: () => client.invalidateQueries({ queryKey: sessionsQuery.queryKey }),
  })
  const columns = useMemo(() => columnsFor(ending.mutate), [ending.mutate])
  if (sessions.data === undefined)
    return sessions.error ? <ErrorNotice error={sessions.error} retry={sessions.refetch} /> : <Loading />
  const rows = sessions.data.sessions
  if (rows.length === 0) return <Empty title="Nobody is signed in." />
  return (
    <>
      {ending.error && <ErrorNotice error={ending.error} />}
      <DataTable label="Signed in" columns={columns} rows={rows} idOf={({ id }) => id} />
    </>
  )
}

function columnsFor(end: (id: string) => void): Column<OpenSession>[] {
  return [
    {
      id: 'name',
      title: 'Key',
      width: 'minmax(8rem, 2fr)',
      narrow: 'first',
      sort: ({ name }) => name,
      cell: ({ name, key_id }) => <UntrustedText text={`${name} (${key_id})`} />,
    },
    {
      id: 'since',
      title: 'Signed in',
      width: 'minmax(8rem, 1fr)',
      narrow: 'shown',
      sort: ({ signed_in_at }) => signed_in_at,
      cell: ({ signed_in_at }) => <Ago at={signed_in_at} />,
    },
    {
      id: 'end',
      title: 'Ends, if it is not used',
      width: 'minmax(8rem, 1fr)',
      narrow: 'shown',
      sort: ({ expires_at }) => expires_at,
      cell: ({ expires_at }) => <DateOfTime at={expires_at} />,
    },
    {
      id: 'do',
      title: 'Actions',
      width: '6rem',
      alignRight: true,
      narrow: 'bare',
      cell: ({ id, name }) => (
        <Button
          size="compact-xs"
          variant="default"
          aria-label={`End the session of ${name.slice(0, 60)}`}
          onClick={() => end(id)}
        >
          End
        </Button>
      ),
    },
  ]
}
