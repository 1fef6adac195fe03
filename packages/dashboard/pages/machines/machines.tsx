/** The page of the scraping machines: the key of each, when it was last seen, and its latest heartbeat. */
import { Button } from '@mantine/core'
import type { KeyView } from '@splitcart/data-management/http/routes/keys-schema.ts'
import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { type ReactNode, useMemo } from 'react'
import { machinesQuery } from '../../api/key-queries.ts'
import { useIsAdmin } from '../../api/session.ts'
import { Badge, type Tone } from '../../parts/badge.tsx'
import { type Column, DataTable } from '../../parts/data-table.tsx'
import { HOUR_MS } from '../../parts/durations.ts'
import { escapeInvisible } from '../../parts/format.ts'
import { Empty, ErrorNotice, Loading } from '../../parts/notice.tsx'
import { Page } from '../../parts/page.tsx'
import { Ago } from '../../parts/time.tsx'
import { UntrustedText } from '../../parts/untrusted-text.tsx'
import { AdminOnlyNotice } from '../keys/admin-only-notice.tsx'
import { AddMachine } from './add.tsx'
import style from './machines.module.css'
import { REPORT_COLUMNS } from './report-columns.tsx'

// A machine that sends every 15 minutes is seen at least once in this time, even if it is off at night.
const QUIET_HOURS = 26

/** The page at /machines. */
export function Machines(): ReactNode {
  const isAdmin = useIsAdmin()
  const { add } = useSearch({ from: '/shell/machines' })
  const navigate = useNavigate({ from: '/machines' })
  const open = (isOpen: boolean) => navigate({ search: isOpen ? { add: '1' } : {}, replace: true })
  const button = (
    <Button size="xs" onClick={() => open(true)}>
      Add a machine
    </Button>
  )
  return (
    <Page title="Machines" actions={isAdmin && button}>
      {isAdmin ? <MachineTable add={button} /> : <AdminOnlyNotice what="the machines" />}
      {isAdmin && add !== undefined && <AddMachine close={() => open(false)} />}
    </Page>
  )
}

function MachineTable({ add }: Readonly<{ add: ReactNode }>): ReactNode {
  const { data: rows, dataUpdatedAt, error, refetch } = useQuery(machinesQuery)
  const columns = useMemo(() => columnsAt(dataUpdatedAt), [dataUpdatedAt])
  if (rows === undefined) return error ? <ErrorNotice error={error} retry={refetch} /> : <Loading />
  if (rows.length === 0)
    return (
      <Empty title="No machine may send yet.">
        <p>A machine gets a key of its own with a code that works once; here are the lines to type on it.</p>
        {add}
      </Empty>
    )
  return <DataTable label="Machines" columns={columns} rows={rows} idOf={({ id }) => id} />
}

const KEY_COLUMN: Column<KeyView> = {
  id: 'key',
  title: 'Key',
  width: '7rem',
  narrow: 'shown',
  sort: ({ id }) => id,
  cell: ({ id }) => (
    <Link to="/keys" className={style.key}>
      {id}
    </Link>
  ),
}

const columnsAt = (now: number): readonly Column<KeyView>[] => [
  {
    id: 'name',
    title: 'Machine',
    width: 'minmax(9rem, 2fr)',
    narrow: 'first',
    sort: ({ name }) => name.toLowerCase(),
    cell: ({ id, name }) => (
      <Link to="/uploads" search={{ key: id }} title="What it sent">
        <UntrustedText text={name} />
      </Link>
    ),
  },
  {
    id: 'state',
    title: 'State',
    width: '7rem',
    narrow: 'bare',
    sort: ({ last_used_at }) => STATES.indexOf(stateOf(last_used_at, now)),
    cell: ({ last_used_at }) => <Badge tone={TONES[stateOf(last_used_at, now)]}>{stateOf(last_used_at, now)}</Badge>,
  },
  {
    id: 'seen',
    title: 'Last seen',
    width: 'minmax(6.5rem, 1fr)',
    narrow: 'bare',
    sort: ({ last_used_at }) => last_used_at ?? '',
    cell: ({ last_used_at, last_used_from }) =>
      last_used_at === null ? (
        '–'
      ) : (
        <span title={escapeInvisible(`from ${last_used_from}`)}>
          <Ago at={last_used_at} />
        </span>
      ),
  },
  ...REPORT_COLUMNS,
  KEY_COLUMN,
]

const STATES = ['never seen', 'quiet', 'seen'] as const
const TONES: Readonly<Record<(typeof STATES)[number], Tone>> = { 'never seen': 'warn', quiet: 'warn', seen: 'good' }

function stateOf(lastUsedAt: string | null, now: number): (typeof STATES)[number] {
  if (lastUsedAt === null) return 'never seen'
  return now - Date.parse(lastUsedAt) > QUIET_HOURS * HOUR_MS ? 'quiet' : 'seen'
}
