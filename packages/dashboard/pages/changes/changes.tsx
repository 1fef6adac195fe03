/** The page of changes: what became cheaper or dearer, and what is new or gone, on the latest day or in any period. */
import { NativeSelect, TextInput } from '@mantine/core'
import type { ChangePage } from '@splitcart/data-management/http/routes/changes-schema.ts'
import { useInfiniteQuery } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { type ReactNode, useCallback, useMemo } from 'react'
import { type ChangeFilters, changesAddress, changesQuery } from '../../api/queries.ts'
import { CompanyFilter } from '../../parts/company-filter.tsx'
import filterStyle from '../../parts/filters.module.css'
import { Filters, TextFilter } from '../../parts/filters.tsx'
import { formatNumber } from '../../parts/format.ts'
import { Icon } from '../../parts/icon.tsx'
import { Empty, ErrorNotice, Loading } from '../../parts/notice.tsx'
import { Page } from '../../parts/page.tsx'
import { ScrapeDate } from '../../parts/time.tsx'
import { UntrustedText } from '../../parts/untrusted-text.tsx'
import style from './changes.module.css'
import { ChangesTable } from './changes-table.tsx'
import { KIND_LABELS } from './kinds.ts'

const BETWEEN = 'between'
const PERIODS = [
  { value: '', label: 'the latest day' },
  { value: '7', label: 'the last 7 days' },
  { value: '30', label: 'the last 30 days' },
  { value: '365', label: 'the last year' },
  { value: BETWEEN, label: 'between two dates' },
]
const ORDERS = [
  { value: '', label: 'the largest share first' },
  { value: 'cents', label: 'the most money first' },
]

/** The page at /changes. */
export function ChangesPage(): ReactNode {
  const { table: _, ...filters } = useSearch({ from: '/shell/changes' })
  const found = useInfiniteQuery(changesQuery(filters))
  const changes = useMemo(() => found.data?.pages.flatMap((page) => page.changes) ?? [], [found.data])
  const first = found.data?.pages[0]
  return (
    <Page title="Changes" lead={first && <PeriodDates page={first} />} actions={<DownloadLinks filters={filters} />}>
      {first && <KindCounts page={first} filters={filters} />}
      <ChangeFiltersRow filters={filters} page={first} />
      {found.error !== null && found.data === undefined && <ErrorNotice error={found.error} retry={found.refetch} />}
      {found.isPending ? (
        <Loading />
      ) : changes.length === 0 && !found.isError ? (
        <NoChanges isCounted={first?.is_counted ?? true} filters={filters} />
      ) : (
        <ChangesTable label="Changes" changes={changes} more={found} />
      )}
    </Page>
  )
}

/** The dates of the period, and a note while changes are still being counted. */
function PeriodDates({ page: { from, to, is_counted } }: Readonly<{ page: ChangePage }>): ReactNode {
  return (
    <>
      {from !== null && from === to && <ScrapeDate on={from} />}
      {from !== null && to !== null && from !== to && (
        <>
          <ScrapeDate on={from} /> to <ScrapeDate on={to} />
        </>
      )}
      {!is_counted && ' · what was loaded last is being counted'}
    </>
  )
}

/** Links to the filtered changes as CSV and as an Atom feed. */
function DownloadLinks({ filters }: Readonly<{ filters: ChangeFilters }>): ReactNode {
  return (
    <span className={style.take}>
      <a href={changesAddress(filters, 'csv')} download="changes.csv">
        <Icon name="download" size={15} /> CSV
      </a>
      <a href={changesAddress(filters, 'atom')}>Feed</a>
    </span>
  )
}

type FiltersProp = Readonly<{ filters: ChangeFilters }>

/** The number of changes of each kind; a click filters by that kind. */
function KindCounts({ page: { counts }, filters }: Readonly<{ page: ChangePage }> & FiltersProp): ReactNode {
  return (
    <ul className={style.kinds} aria-label="Kinds of changes">
      {counts.map(({ kind, lines, stores }) => (
        <li key={kind}>
          <Link
            from="/changes"
            to="/changes"
            search={(now) => ({ ...now, kind: now.kind === kind ? undefined : kind })}
            className={style.tile}
            data-kind={kind}
            data-chosen={filters.kind === kind}
            aria-current={filters.kind === kind ? 'true' : undefined}
            title={`${formatNumber(lines)} articles, in ${formatNumber(stores)} stores together`}
          >
            <span className={style.value}>{formatNumber(lines)}</span> {KIND_LABELS[kind]}
          </Link>
        </li>
      ))}
    </ul>
  )
}

function ChangeFiltersRow({ filters, page }: FiltersProp & Readonly<{ page: ChangePage | undefined }>): ReactNode {
  const { company, category, sort, store } = filters
  const navigate = useNavigate({ from: '/changes' })
  const setCategory = useCallback(
    (text: string | undefined) => navigate({ search: (now) => ({ ...now, category: text }), replace: true }),
    [navigate],
  )
  return (
    <Filters>
      <PeriodChoice filters={filters} page={page} />
      {store === undefined && (
        <CompanyFilter
          value={company}
          onChange={(chosen) => navigate({ search: (now) => ({ ...now, company: chosen }) })}
        />
      )}
      <TextFilter label="Category" value={category ?? ''} onChange={setCategory} placeholder="Dairy" />
      <NativeSelect
        label="In order"
        value={sort ?? ''}
        onChange={({ currentTarget: { value } }) =>
          navigate({ search: (now) => ({ ...now, sort: value === 'cents' ? value : undefined }) })
        }
        data={ORDERS}
      />
      {store !== undefined && (
        <Link
          from="/changes"
          to="/changes"
          search={(now) => ({ ...now, store: undefined })}
          className={filterStyle.only}
        >
          only <UntrustedText text={store} /> ×
        </Link>
      )}
    </Filters>
  )
}

/** The choice of the period: the latest days, or two dates. */
function PeriodChoice({ filters, page }: FiltersProp & Readonly<{ page: ChangePage | undefined }>): ReactNode {
  const { days, from, to } = filters
  const navigate = useNavigate({ from: '/changes' })
  const isBetween = from !== undefined || to !== undefined
  const choose = (value: string) => {
    const dates = value === BETWEEN ? { from: page?.from ?? undefined, to: page?.to ?? undefined } : {}
    const chosen = {
      days: value === BETWEEN ? undefined : value || undefined,
      from: undefined,
      to: undefined,
      ...dates,
    }
    navigate({ search: (now) => ({ ...now, ...chosen }) })
  }
  const date = (name: 'from' | 'to', label: string) => (
    <TextInput
      type="date"
      label={label}
      value={filters[name] ?? ''}
      onChange={({ currentTarget: { value } }) =>
        navigate({ search: (now) => ({ ...now, [name]: value || undefined }), replace: true })
      }
    />
  )
  return (
    <>
      <NativeSelect
        label="Of"
        value={isBetween ? BETWEEN : (days ?? '')}
        onChange={({ currentTarget }) => choose(currentTarget.value)}
        data={PERIODS}
      />
      {isBetween && date('from', 'From')}
      {isBetween && date('to', 'To')}
    </>
  )
}

function NoChanges({ isCounted, filters }: Readonly<{ isCounted: boolean }> & FiltersProp): ReactNode {
  if (!isCounted) return <Empty title="What was loaded is being counted; it stands here in a moment." />
  if (Object.keys(filters).length > 0)
    return (
      <Empty title="Nothing like that changed.">
        <Link to="/changes">Show what changed on the latest day</Link>
      </Empty>
    )
  return (
    <Empty title="Nothing has changed yet.">
      <p>A change stands here as soon as a store is scraped a second time and says something else.</p>
    </Empty>
  )
}
