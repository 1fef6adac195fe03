/**
 * A table of any length: only visible rows are in the document, and further pages are fetched while scrolling. Sorting
 * and searching apply to the loaded rows; both are kept in the URL.
 *
 * If there is less room than the columns need, each row becomes a card: its `first` columns on a line each, then the
 * `shown` columns with their titles and the `bare` ones without.
 */
import {
  createSortedRowModel,
  type Row,
  type RowData,
  rowSortingFeature,
  tableFeatures,
  useTable,
} from '@tanstack/react-table'
import { useWindowVirtualizer } from '@tanstack/react-virtual'
import { type CSSProperties, memo, type ReactNode, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react'
import style from './data-table.module.css'
import { formatNumber } from './format.ts'
import { useIsNarrow } from './narrow.ts'
import { ErrorNotice } from './notice.tsx'
import { filterRows, type TableState, useTableState } from './table-state.ts'
import { TableTools } from './table-tools.tsx'

/** One column. `width` is a CSS grid track; `sort` gives the value by which loaded rows are sorted. */
export type Column<T> = Readonly<{
  id: string
  title: string
  width: string
  cell: (row: T) => ReactNode
  alignRight?: boolean
  narrow?: 'first' | 'shown' | 'bare'
  sort?: (row: T) => string | number
}>

/** Fetches further rows: the part of an infinite query that the table uses. */
export type MorePages = Readonly<{
  hasNextPage: boolean
  isFetchingNextPage: boolean
  fetchNextPage: () => unknown
  error: unknown
}>

type Props<T> = Readonly<{
  label: string
  columns: readonly Column<T>[]
  rows: readonly T[]
  idOf: (row: T) => string
  more?: MorePages
  /** Whether the server sorts the rows, so that rows not yet loaded come after the loaded ones. */
  isOrdered?: boolean
  /** Shown below the last row. */
  end?: ReactNode
}>

const ROW_PIXELS = 38
const OVERSCAN = 8
const ROWS_AHEAD = 120
// Sorting or searching fetches rows up to this number.
const ROWS_SEARCHED_MAX = 2_000

const features = tableFeatures({ rowSortingFeature, sortedRowModel: createSortedRowModel() })
type Features = typeof features

/** The table, with its search field and download buttons. */
export function DataTable<T extends RowData>(props: Props<T>): ReactNode {
  const { label, columns, rows, idOf, more, isOrdered = false, end } = props
  const [state, change] = useTableState(label)
  const model = useFilteredRows({ columns, rows, idOf }, state)
  const { table: place, isTight } = useIsNarrow(columns)
  const isSought = (state.order !== '' && !isOrdered) || state.words !== ''
  const isWhole = !isSought || rows.length >= ROWS_SEARCHED_MAX
  const tracks = { '--columns': columns.map(({ width }) => width).join(' ') } as CSSProperties
  return (
    <>
      <PartialOrderNotice isPart={more?.hasNextPage === true && isSought && isWhole} count={rows.length} />
      <TableTools
        {...{ label, columns, isTight, state, change }}
        rows={model.map(({ original }) => original)}
        isAll={!more?.hasNextPage}
      />
      <div
        role="table"
        ref={place}
        className={style.table}
        data-tight={isTight}
        aria-label={label}
        aria-rowcount={more?.hasNextPage ? -1 : model.length + 1}
        style={tracks}
      >
        <Head columns={columns} order={state.order} choose={(chosen) => change({ order: chosen })} />
        <Body columns={columns} model={model} more={more} count={rows.length} isWhole={isWhole} />
      </div>
      {model.length === 0 && state.words !== '' && <NoRowFound of={rows.length} isAll={!more?.hasNextPage} />}
      <Foot more={more} end={end} />
    </>
  )
}

type BodyProps<T extends RowData> = Readonly<{
  columns: readonly Column<T>[]
  model: readonly Row<Features, T>[]
  more: MorePages | undefined
  /** Number of loaded rows, matching or not. */
  count: number
  /** Whether further rows are fetched only while scrolling; false: at once, to sort or search them. */
  isWhole: boolean
}>

/** The visible rows; while scrolling, only this component is rendered again. */
function Body<T extends RowData>({ columns, model, more, count, isWhole }: BodyProps<T>): ReactNode {
  const { body, items, height, above, measure } = useVisibleRows(model)
  useFetchWhenNear(isWhole ? (items.at(-1)?.index ?? 0) : count, count, more)
  return (
    <div role="rowgroup" ref={body} className={style.body} style={{ height, paddingTop: above }}>
      {items.map(({ index }) => {
        const { id, original } = model[index]!
        return <TableRow key={id} row={original} columns={columns} index={index} measure={measure} />
      })}
    </div>
  )
}

/** A note that only the loaded rows are sorted or searched. */
function PartialOrderNotice({ isPart, count }: Readonly<{ isPart: boolean; count: number }>): ReactNode {
  return (
    <p role="status" className={isPart ? style.foot : undefined}>
      {isPart &&
        `Only the first ${formatNumber(count)} rows are in this order, or sought in: there are more than are loaded.`}
    </p>
  )
}

function NoRowFound({ of, isAll }: Readonly<{ of: number; isAll: boolean }>): ReactNode {
  const said = isAll ? 'No row has these words.' : `None of the ${of} rows loaded so far has these words.`
  return <p className={style.foot}>{said}</p>
}

/** The loaded rows that contain the search words, in the chosen order. */
function useFilteredRows<T extends RowData>(
  { columns, rows, idOf }: Pick<Props<T>, 'columns' | 'rows' | 'idOf'>,
  { order, words }: TableState,
): Row<Features, T>[] {
  const found = useMemo(() => filterRows(rows, words), [rows, words])
  const table = useTable<Features, T>({
    features,
    data: found as T[],
    columns: useMemo(() => columns.map(columnDefinition), [columns]),
    getRowId: idOf,
    state: { sorting: useMemo(() => sortingOf(columns, order), [columns, order]) },
    enableMultiSort: false,
  })
  return table.getRowModel().rows
}

/** The sorting named in the URL, if the column exists and can be sorted. */
function sortingOf(columns: readonly Readonly<{ id: string; sort?: unknown }>[], order: string) {
  const id = order.replace(/^-/, '')
  const isThere = columns.some((column) => column.id === id && column.sort !== undefined)
  return isThere ? [{ id, desc: order.startsWith('-') }] : []
}

function columnDefinition<T>({ id, sort }: Column<T>) {
  if (sort === undefined) return { id, enableSorting: false, accessorFn: () => '' }
  const accessorFn = (row: T) => {
    const value = sort(row)
    return typeof value === 'string' ? value.toLowerCase() : value
  }
  return { id, accessorFn, sortFn: 'basic' as never, sortDescFirst: false }
}

function useVisibleRows<T extends RowData>(model: readonly Row<Features, T>[]) {
  const body = useRef<HTMLDivElement>(null)
  const [margin, setMargin] = useState(0)
  useLayoutEffect(() => {
    const top = (body.current?.getBoundingClientRect().top ?? 0) + window.scrollY
    setMargin(Math.round(top))
  }, [])
  const virtual = useWindowVirtualizer({
    count: model.length,
    estimateSize: () => ROW_PIXELS,
    overscan: OVERSCAN,
    scrollMargin: margin,
    getItemKey: (index) => model[index]?.id ?? index,
  })
  const items = virtual.getVirtualItems()
  return {
    body,
    items,
    height: virtual.getTotalSize(),
    above: (items[0]?.start ?? margin) - margin,
    measure: virtual.measureElement,
  }
}

function useFetchWhenNear(last: number, count: number, more: MorePages | undefined): void {
  const isNear = last >= count - ROWS_AHEAD
  useEffect(() => {
    if (isNear && more?.hasNextPage && !more.isFetchingNextPage && more.error === null) more.fetchNextPage()
  }, [isNear, more])
}

type HeadProps<T> = Readonly<{
  columns: readonly Column<T>[]
  order: string
  choose: (order: string) => void
}>

function Head<T>({ columns, order: chosen, choose }: HeadProps<T>): ReactNode {
  return (
    <div role="rowgroup" className={style.head}>
      <div role="row" aria-rowindex={1} className={style.row}>
        {columns.map(({ id, title, sort, alignRight }) => {
          const order = chosen === id ? 'ascending' : chosen === `-${id}` ? 'descending' : undefined
          const next = () => choose(order === 'descending' ? '' : order === 'ascending' ? `-${id}` : id)
          return (
            <div key={id} role="columnheader" className={alignedClass(alignRight)} aria-sort={order}>
              {sort === undefined ? (
                title
              ) : (
                <button type="button" className={style.sort} data-order={order} onClick={next}>
                  {title}
                </button>
              )}
            </div>
          )
        })}
      </div>
    </div>
  )
}

type RowProps<T> = Readonly<{
  row: T
  columns: readonly Column<T>[]
  index: number
  measure: (element: Element | null) => void
}>

const ROW_CLASSES = `${style.row} ${style.inBody}`

/** One row, memoised: while scrolling, only new rows are rendered. */
const TableRow = memo(PlainRow) as typeof PlainRow

function PlainRow<T>({ row, columns, index, measure }: RowProps<T>): ReactNode {
  return (
    <div role="row" aria-rowindex={index + 2} data-index={index} ref={measure} className={ROW_CLASSES}>
      {columns.map((column) => (
        <div
          key={column.id}
          role="cell"
          className={cellClasses(column)}
          data-title={column.narrow === 'shown' ? column.title : undefined}
        >
          {column.cell(row)}
        </div>
      ))}
    </div>
  )
}

function alignedClass(right = false): string {
  return right ? `${style.cell} ${style.right}` : style.cell!
}

/** The classes of a column's cells, in one attribute, because there are many cells. */
function cellClasses<T>({ alignRight, narrow }: Column<T>): string {
  return narrow === 'bare' ? alignedClass(alignRight) : `${alignedClass(alignRight)} ${style[narrow ?? 'hidden']}`
}

function Foot({ more, end }: Readonly<{ more: MorePages | undefined; end: ReactNode }>): ReactNode {
  if (more?.error) return <ErrorNotice error={more.error} retry={() => more.fetchNextPage()} />
  if (more?.isFetchingNextPage) return <p className={style.foot}>Loading more…</p>
  return end === undefined || more?.hasNextPage ? null : <p className={style.foot}>{end}</p>
}
