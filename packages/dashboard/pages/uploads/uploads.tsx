/** The page of all uploads, newest first or sorted by a column, updated live. */
import type { UploadView } from '@splitcart/data-management/http/routes/uploads-schema.ts'
import { useInfiniteQuery } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { type ReactNode, useCallback, useMemo } from 'react'
import { UPLOAD_STATES, type UploadFilters, uploadsQuery } from '../../api/queries.ts'
import cells from '../../parts/cells.module.css'
import { type Column, DataTable } from '../../parts/data-table.tsx'
import { ChoiceFilter, Filters, TextFilter } from '../../parts/filters.tsx'
import { formatNumber, size } from '../../parts/format.ts'
import { Empty, ErrorNotice, Loading } from '../../parts/notice.tsx'
import { Page } from '../../parts/page.tsx'
import { UploadLink } from '../../parts/page-links.tsx'
import { useTableState } from '../../parts/table-state.ts'
import { Ago } from '../../parts/time.tsx'
import { UntrustedText } from '../../parts/untrusted-text.tsx'
import { LoadState } from './load-state.tsx'
import style from './uploads.module.css'

const LABEL = 'Uploads'
const SORTS: Readonly<Record<string, UploadFilters['sort']>> = {
  filename: 'filename',
  state: 'state',
  rows: 'rows',
  rejected: 'rejected',
  bytes: 'bytes',
  received: 'received_at',
}

const COLUMNS: readonly Column<UploadView>[] = [
  {
    id: 'filename',
    title: 'File',
    width: 'minmax(12rem, 4fr)',
    narrow: 'first',
    sort: ({ filename }) => filename,
    cell: ({ id, filename }) => <UploadLink id={id} text={filename} className={cells.name} />,
  },
  {
    id: 'state',
    title: 'State',
    width: 'minmax(6rem, 1.4fr)',
    narrow: 'bare',
    sort: ({ state }) => state,
    cell: (upload) => <LoadState upload={upload} />,
  },
  {
    id: 'rows',
    title: 'Rows',
    width: '4.5rem',
    alignRight: true,
    narrow: 'shown',
    sort: rowsOf,
    cell: (upload) => formatNumber(rowsOf(upload)),
  },
  {
    id: 'rejected',
    title: 'Rejected',
    width: '5rem',
    alignRight: true,
    sort: ({ load }) => load?.rejected ?? 0,
    cell: ({ load }) => (load === null || load.rejected === 0 ? '–' : formatNumber(load.rejected)),
  },
  {
    id: 'bytes',
    title: 'Size',
    width: '5.5rem',
    alignRight: true,
    sort: ({ bytes }) => bytes,
    cell: ({ bytes }) => size(bytes),
  },
  {
    id: 'sender',
    title: 'Key',
    width: 'minmax(6rem, 1.5fr)',
    sort: ({ details }) => details?.sender?.name ?? '',
    cell: (upload) => <UploadSender upload={upload} />,
  },
  {
    id: 'received',
    title: 'Received',
    width: '6.5rem',
    alignRight: true,
    narrow: 'bare',
    sort: ({ received_at }) => received_at,
    cell: ({ received_at }) => <Ago at={received_at} />,
  },
]

/** The page at /uploads. */
export function Uploads(): ReactNode {
  const { table: _, ...filters } = useSearch({ from: '/shell/uploads' })
  const [{ order }] = useTableState(LABEL)
  const sorting = filters.q === undefined && filters.key === undefined ? sortingOf(order) : undefined
  const uploads = useInfiniteQuery(uploadsQuery({ ...filters, ...sorting }))
  const rows = useMemo(() => uploads.data?.pages.flatMap((page) => page.uploads) ?? [], [uploads.data])
  return (
    <Page title="Uploads">
      <FilterBar />
      {uploads.error !== null && uploads.data === undefined && (
        <ErrorNotice error={uploads.error} retry={uploads.refetch} />
      )}
      {uploads.isPending ? (
        <Loading />
      ) : rows.length === 0 && !uploads.isError ? (
        <NoUploads isFiltered={Object.values(filters).some((value) => value !== undefined)} />
      ) : (
        <DataTable
          label={LABEL}
          columns={COLUMNS}
          rows={rows}
          idOf={({ id }) => id}
          more={uploads}
          isOrdered={sorting !== undefined}
          end={`All ${formatNumber(rows.length)} uploads are shown.`}
        />
      )}
    </Page>
  )
}

/** The server's sort order for a column; undefined: the server cannot sort by it, and loaded rows are sorted. */
function sortingOf(order: string): Pick<UploadFilters, 'sort' | 'order'> | undefined {
  const sort = SORTS[order.replace(/^-/, '')]
  return sort && { sort, order: order.startsWith('-') ? 'desc' : 'asc' }
}

function rowsOf({ load, lines }: UploadView): number {
  return load?.rows ?? lines
}

function UploadSender({ upload }: Readonly<{ upload: UploadView }>): ReactNode {
  const { details } = upload
  if (details === undefined) return null
  if (details.sender === null) return <span className={cells.muted}>by hand</span>
  return (
    <>
      <UntrustedText text={details.sender.name} />
      {details.times_sent > 1 && (
        <span className={style.again} title={`These bytes were sent ${details.times_sent} times; they count once.`}>
          ×{details.times_sent}
        </span>
      )}
    </>
  )
}

function FilterBar(): ReactNode {
  const { q, key, state } = useSearch({ from: '/shell/uploads' })
  const navigate = useNavigate({ from: '/uploads' })
  const setText = useCallback(
    (text: string | undefined) => navigate({ search: (now) => ({ ...now, q: text }), replace: true }),
    [navigate],
  )
  return (
    <Filters>
      <TextFilter label="File name" value={q ?? ''} onChange={setText} />
      <ChoiceFilter
        label="State"
        all="all states"
        values={UPLOAD_STATES}
        value={state}
        onChange={(chosen) => navigate({ search: (now) => ({ ...now, state: chosen }) })}
      />
      {key !== undefined && (
        <Link from="/uploads" to="/uploads" search={(now) => ({ ...now, key: undefined })} className={style.only}>
          only of the key {key} ×
        </Link>
      )}
    </Filters>
  )
}

function NoUploads({ isFiltered }: Readonly<{ isFiltered: boolean }>): ReactNode {
  if (isFiltered)
    return (
      <Empty title="No upload is like that.">
        <Link to="/uploads">Show all uploads</Link>
      </Empty>
    )
  return (
    <Empty
      title="Nothing was sent yet. On the scraping machine:"
      commands={['npx splitcart doctor', 'npx splitcart upload-data --wait']}
    >
      <p>The first says whether the server and the key are right; the second sends what waits in product_outbox.</p>
    </Empty>
  )
}
