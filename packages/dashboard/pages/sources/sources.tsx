/** The page of sources: how often, how recently and how completely each store is scraped. */
import { VisuallyHidden } from '@mantine/core'
import type { SourcePage } from '@splitcart/data-management/http/routes/sources.ts'
import { useInfiniteQuery } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { type ReactNode, useMemo } from 'react'
import { SOURCE_STATES, sourcesQuery } from '../../api/source-queries.ts'
import { SourceState } from '../../parts/badge.tsx'
import { CompanyFilter } from '../../parts/company-filter.tsx'
import { type Column, DataTable } from '../../parts/data-table.tsx'
import { DayLegend, StoreDayBar } from '../../parts/day-bar.tsx'
import { ChoiceFilter, Filters } from '../../parts/filters.tsx'
import { atLeast, count, formatNumber, percent } from '../../parts/format.ts'
import { Empty, ErrorNotice, Loading } from '../../parts/notice.tsx'
import { Page } from '../../parts/page.tsx'
import { StoreLink } from '../../parts/store-link.tsx'
import { Ago, ScrapeDate } from '../../parts/time.tsx'
import { UntrustedText } from '../../parts/untrusted-text.tsx'
import style from './sources.module.css'
import { intervalText } from './store-settings.tsx'

type Source = SourcePage['sources'][number] & Pick<SourcePage, 'days_to'>

const STATES_BY_URGENCY = ['silent', 'late', 'partial', 'good', 'snoozed', 'retired']

const COLUMNS: readonly Column<Source>[] = [
  {
    id: 'store',
    title: 'Store',
    width: 'minmax(10rem, 4fr)',
    narrow: 'first',
    sort: ({ company, store_name }) => `${company} ${store_name}`,
    cell: ({ company, store_id, store_name, place, is_closed }) => (
      <span className={style.store}>
        <StoreLink store={{ company, store_id }} className={style.name}>
          <UntrustedText text={store_name} />
        </StoreLink>
        <UntrustedText text={codesNotInName(company, store_id, store_name)} className={style.muted} />
        {place !== undefined && <UntrustedText text={place} className={style.muted} />}
        {is_closed && <span className={style.muted}>closed</span>}
      </span>
    ),
  },
  {
    id: 'state',
    title: 'State',
    width: '5.5rem',
    narrow: 'bare',
    sort: ({ state, is_partial }) => STATES_BY_URGENCY.indexOf(state === 'good' && is_partial ? 'partial' : state),
    // Late and silent take precedence over partial.
    cell: ({ state, is_partial }) => <SourceState state={state === 'good' && is_partial ? 'partial' : state} />,
  },
  {
    id: 'last',
    title: 'Last scrape',
    width: '6.5rem',
    alignRight: true,
    narrow: 'shown',
    sort: ({ last_date }) => last_date,
    cell: ({ last_date, received_at }) => <LastScrape date={last_date} receivedAt={received_at} />,
  },
  {
    id: 'usual',
    title: 'Usually',
    width: '6rem',
    alignRight: true,
    sort: ({ usual_days, settings }) => settings?.expected_days ?? usual_days ?? Number.POSITIVE_INFINITY,
    cell: ({ usual_days, settings }) => intervalText(settings?.expected_days ?? usual_days),
  },
  {
    id: 'rows',
    title: 'Rows',
    width: '6.5rem',
    alignRight: true,
    narrow: 'shown',
    sort: ({ rows }) => rows,
    cell: (source) => <LatestRows source={source} />,
  },
  {
    id: 'rejects',
    title: 'Rejected',
    width: '4.5rem',
    alignRight: true,
    sort: ({ reject_share }) => reject_share,
    cell: (source) => <RejectShare source={source} />,
  },
  {
    id: 'days',
    title: 'The last 30 days',
    width: 'minmax(11rem, 2fr)',
    narrow: 'first',
    cell: ({ days, days_to, ...store }) => <StoreDayBar store={store} days={days} to={days_to} />,
  },
]

/** The page at /sources. */
export function Sources(): ReactNode {
  const { table: _, ...filters } = useSearch({ from: '/shell/sources' })
  const sources = useInfiniteQuery(sourcesQuery(filters))
  const rows = useMemo(
    () =>
      sources.data?.pages.flatMap(({ sources: found, days_to }) => found.map((each) => ({ ...each, days_to }))) ?? [],
    [sources.data],
  )
  const total = sources.data?.pages[0]?.total
  return (
    <Page title="Sources" lead={total && total.count > 0 && `${atLeast(total)} stores`} actions={<DayLegend />}>
      <SourceFilters />
      {sources.error !== null && sources.data === undefined && (
        <ErrorNotice error={sources.error} retry={sources.refetch} />
      )}
      {sources.isPending ? (
        <Loading />
      ) : rows.length === 0 && !sources.isError ? (
        <NoSources isFiltered={filters.company !== undefined || filters.state !== undefined} />
      ) : (
        <DataTable label="Sources" columns={COLUMNS} rows={rows} idOf={idOf} more={sources} />
      )}
    </Page>
  )
}

function idOf({ company, store_id }: Source): string {
  return JSON.stringify([company, store_id])
}

/** Company and store id, as far as the store's name does not contain them. */
function codesNotInName(company: string, storeId: string, storeName: string): string {
  const said = storeName.toLowerCase()
  return [company, storeId].filter((each) => !said.includes(each.toLowerCase())).join(' ')
}

function RejectShare({ source: { company, store_id, reject_share } }: Readonly<{ source: Source }>): ReactNode {
  if (reject_share === 0) return '–'
  return (
    <Link to="/rejects" search={{ store: `${company}/${store_id}` }}>
      {percent(reject_share)}
    </Link>
  )
}

function LastScrape({ date, receivedAt }: Readonly<{ date: string; receivedAt: string }>): ReactNode {
  return (
    <span className={style.last}>
      <ScrapeDate on={date} />
      <VisuallyHidden>
        , received <Ago at={receivedAt} />
      </VisuallyHidden>
    </span>
  )
}

/** The rows of the latest scrape, and their share of the usual number. */
function LatestRows({ source: { rows, usual_rows } }: Readonly<{ source: Source }>): ReactNode {
  return (
    <span title={`${count(rows, 'row')}; the median of the last ten scrapes is ${formatNumber(usual_rows)}`}>
      {formatNumber(rows)}
      {usual_rows > 0 && <span className={style.muted}> {percent(Math.round((rows / usual_rows) * 100) / 100)}</span>}
    </span>
  )
}

function SourceFilters(): ReactNode {
  const { company, state } = useSearch({ from: '/shell/sources' })
  const navigate = useNavigate({ from: '/sources' })
  return (
    <Filters>
      <CompanyFilter
        value={company}
        onChange={(chosen) => navigate({ search: (now) => ({ ...now, company: chosen }) })}
      />
      <ChoiceFilter
        label="State"
        all="all states"
        values={SOURCE_STATES}
        value={state}
        onChange={(chosen) => navigate({ search: (now) => ({ ...now, state: chosen }) })}
      />
    </Filters>
  )
}

function NoSources({ isFiltered }: Readonly<{ isFiltered: boolean }>): ReactNode {
  if (isFiltered)
    return (
      <Empty title="No source is like that.">
        <Link to="/sources">Show all sources</Link>
      </Empty>
    )
  return (
    <Empty
      title="No store was scraped yet. A store is here as soon as its first file is loaded:"
      commands={['npx splitcart upload-data --wait']}
    />
  )
}
