/** The page of notices: open conditions, the receivers, the notices sent so far, and the watched products. */
import type { ConditionView, NoticeView } from '@splitcart/data-management/http/routes/notices-schema.ts'
import { useInfiniteQuery } from '@tanstack/react-query'
import { type ReactNode, useMemo } from 'react'
import { noticesQuery } from '../../api/notice-queries.ts'
import { useIsAdmin } from '../../api/session.ts'
import { Badge } from '../../parts/badge.tsx'
import { TIME_COLUMN } from '../../parts/columns.tsx'
import { type Column, DataTable } from '../../parts/data-table.tsx'
import { Empty, ErrorNotice, Loading } from '../../parts/notice.tsx'
import list from '../../parts/notice-list.module.css'
import { Page, Panel } from '../../parts/page.tsx'
import { Ago } from '../../parts/time.tsx'
import { UntrustedBlock, UntrustedText } from '../../parts/untrusted-text.tsx'
import { AdminOnlyNotice } from '../keys/admin-only-notice.tsx'
import { TickList } from '../overview/ticks.tsx'
import style from './notices.module.css'
import { ReceiverList } from './receivers.tsx'
import { WatchedProducts } from './watched.tsx'

const CONDITIONS_SHOWN_MAX = 20

const COLUMNS: readonly Column<NoticeView>[] = [
  TIME_COLUMN,
  {
    id: 'kind',
    title: 'Kind',
    width: '7rem',
    narrow: 'bare',
    sort: ({ kind }) => kind,
    cell: ({ kind, is_over }) => (
      <Badge tone={is_over ? 'good' : kind === 'watch' ? 'calm' : 'warn'}>{is_over ? `${kind} over` : kind}</Badge>
    ),
  },
  {
    id: 'text',
    title: 'Notice',
    width: 'minmax(12rem, 1fr)',
    narrow: 'first',
    sort: ({ text }) => text,
    cell: ({ text }) => <UntrustedText text={text} />,
  },
]

/** The page at /notices. */
export function NoticesPage(): ReactNode {
  const isAdmin = useIsAdmin()
  return (
    <Page title="Notices">
      {isAdmin ? <SentNotices /> : <AdminOnlyNotice what="notices" />}
      <WatchedProducts />
    </Page>
  )
}

function SentNotices(): ReactNode {
  const notices = useInfiniteQuery(noticesQuery)
  const rows = useMemo(() => notices.data?.pages.flatMap((page) => page.notices) ?? [], [notices.data])
  const first = notices.data?.pages[0]
  if (first === undefined)
    return notices.error ? <ErrorNotice error={notices.error} retry={notices.refetch} /> : <Loading />
  return (
    <>
      <Panel title="Needs a person">
        <ConditionList conditions={first.conditions} />
        <TickList of={first} />
      </Panel>
      <Panel title="Who is told">
        <ReceiverList receivers={first.receivers} />
      </Panel>
      <Panel title="Notices so far" plain>
        {rows.length === 0 ? (
          <Empty title="Nothing was told yet." />
        ) : (
          <DataTable
            label="Notices so far"
            columns={COLUMNS}
            rows={rows}
            idOf={({ id }) => String(id)}
            more={notices}
          />
        )}
      </Panel>
    </>
  )
}

function ConditionList({ conditions }: Readonly<{ conditions: readonly ConditionView[] }>): ReactNode {
  if (conditions.length === 0) return <p className={style.panelText}>Nothing: all is well.</p>
  const more = conditions.length - CONDITIONS_SHOWN_MAX
  return (
    <>
      <ul className={list.list}>
        {conditions.slice(0, CONDITIONS_SHOWN_MAX).map(({ kind, subject, text, since, todo }) => (
          <li key={`${kind} ${subject}`} className={list.item}>
            <Badge tone="warn">{kind}</Badge>
            <span className={list.what}>
              <UntrustedBlock text={text} />
            </span>
            <span className={list.when}>
              <Ago at={since} />
            </span>
            <p className={style.todo}>{todo}</p>
          </li>
        ))}
      </ul>
      {more > 0 && <p className={style.todo}>and {more} more</p>}
    </>
  )
}
