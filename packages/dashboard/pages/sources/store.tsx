/** The page of one store: its freshness, its settings, its scrapes with their uploads, and its latest changes. */
import type { SourcePage } from '@splitcart/data-management/http/routes/sources.ts'
import type { ScrapePage } from '@splitcart/data-management/http/routes/stores.ts'
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { Link, useSearch } from '@tanstack/react-router'
import { type ReactNode, useMemo } from 'react'
import { firstChangesQuery } from '../../api/queries.ts'
import { scrapesOfStoreQuery, sourceQuery } from '../../api/source-queries.ts'
import { SourceState } from '../../parts/badge.tsx'
import { type Column, DataTable } from '../../parts/data-table.tsx'
import { DayBar, DayLegend } from '../../parts/day-bar.tsx'
import { formatNumber, percent } from '../../parts/format.ts'
import { Empty, ErrorNotice, Loading } from '../../parts/notice.tsx'
import { Facts, Page, Panel } from '../../parts/page.tsx'
import { UploadLink } from '../../parts/page-links.tsx'
import { Ago, ScrapeDate } from '../../parts/time.tsx'
import { UntrustedBlock } from '../../parts/untrusted-text.tsx'
import { ChangesTable } from '../changes/changes-table.tsx'
import { KIND_LABELS } from '../changes/kinds.ts'
import style from './sources.module.css'
import { StoreSender } from './store-sender.tsx'
import { intervalText, StoreSettings } from './store-settings.tsx'

type Source = SourcePage['sources'][number]
type Scrape = ScrapePage['scrapes'][number]

const CHANGES_SHOWN = 20

/** The page at /store. */
export function StorePage(): ReactNode {
  const { store } = useSearch({ from: '/shell/store' })
  const { data, error, refetch } = useQuery(sourceQuery(store))
  const source = data?.sources[0]
  return (
    <Page
      title={source?.store_name ?? store}
      heading={<UntrustedBlock text={source === undefined ? store : `${source.company} · ${source.store_name}`} />}
      lead={<Link to="/sources">All sources</Link>}
      actions={<DayLegend />}
    >
      {error && <ErrorNotice error={error} retry={refetch} />}
      {data === undefined ? (
        error === null && <Loading />
      ) : source === undefined ? (
        <Empty title="No scrape of such a store was loaded.">
          <Link to="/sources">Show all sources</Link>
        </Empty>
      ) : (
        <StoreDetails source={source} store={store} to={data.days_to} />
      )}
    </Page>
  )
}

function StoreDetails({ source, store, to }: Readonly<{ source: Source; store: string; to: string }>): ReactNode {
  return (
    <>
      <Panel title="The last 30 days">
        <div className={style.days}>
          <DayBar days={source.days} to={to} />
        </div>
        <Facts facts={factsOf(source, store)} />
      </Panel>
      <StoreSettings store={store} settings={source.settings} usualDays={source.usual_days} />
      <LatestChanges store={store} />
      <ScrapeTable store={store} />
    </>
  )
}

function factsOf(source: Source, store: string): (readonly [string, ReactNode])[] {
  const { state, is_partial, last_date, received_at, usual_days, due_date, rows, usual_rows, reject_share, place } =
    source
  return [
    ['State', <SourceState key="state" state={state === 'good' && is_partial ? 'partial' : state} />],
    [
      'Last scrape',
      <span key="last">
        <ScrapeDate on={last_date} />, received <Ago at={received_at} />
      </span>,
    ],
    ['Usually', usual_days === null ? 'scraped once so far' : intervalText(usual_days)],
    [
      'Due',
      due_date !== null ? <ScrapeDate key="due" on={due_date} /> : state === 'retired' ? 'no more' : 'nobody knows yet',
    ],
    ['Rows', `${formatNumber(rows)}, usually ${formatNumber(usual_rows)}`],
    [
      'Rejected',
      reject_share === 0 ? (
        'none of the last file'
      ) : (
        <Link key="rejects" to="/rejects" search={{ store }}>
          {percent(reject_share)} of the last file
        </Link>
      ),
    ],
    ['Sent by', <StoreSender key="sender" store={store} />],
    ...(place === undefined ? [] : [['Where', <UntrustedBlock key="place" text={place} />] as const]),
  ]
}

/** The changes of the store's latest scrape. */
function LatestChanges({ store }: Readonly<{ store: string }>): ReactNode {
  const { data } = useQuery(firstChangesQuery({ store }, CHANGES_SHOWN))
  if (data === undefined || data.changes.length === 0) return null
  const said = data.counts
    .filter(({ lines }) => lines > 0)
    .map(({ kind, lines }) => `${formatNumber(lines)} ${KIND_LABELS[kind]}`)
  return (
    <Panel
      title="What its latest scrape changed"
      plain
      note={
        <>
          {said.join(', ')} ·{' '}
          <Link to="/changes" search={{ store, days: '30' }}>
            the last 30 days
          </Link>
        </>
      }
    >
      <ChangesTable label="What its latest scrape changed" changes={data.changes} />
    </Panel>
  )
}

const COLUMNS: readonly Column<Scrape>[] = [
  {
    id: 'date',
    title: 'Date',
    width: '8rem',
    narrow: 'first',
    sort: ({ date }) => date,
    cell: ({ date }) => <ScrapeDate on={date} />,
  },
  {
    id: 'rows',
    title: 'Rows',
    width: '6rem',
    alignRight: true,
    narrow: 'shown',
    sort: ({ listings }) => listings,
    cell: ({ listings }) => formatNumber(listings),
  },
  {
    id: 'upload',
    title: 'Came with',
    width: 'minmax(10rem, 1fr)',
    narrow: 'first',
    sort: ({ filename }) => filename,
    cell: ({ upload_id, filename }) => <UploadLink id={upload_id} text={filename} />,
  },
]

function ScrapeTable({ store }: Readonly<{ store: string }>): ReactNode {
  const scrapes = useInfiniteQuery(scrapesOfStoreQuery(store))
  const rows = useMemo(() => scrapes.data?.pages.flatMap((page) => page.scrapes) ?? [], [scrapes.data])
  return (
    <Panel title="Scrapes, day by day" plain>
      <DataTable
        label="Scrapes, day by day"
        columns={COLUMNS}
        rows={rows}
        idOf={({ date, filename, upload_id }) => JSON.stringify([date, upload_id ?? filename])}
        more={scrapes}
      />
    </Panel>
  )
}
