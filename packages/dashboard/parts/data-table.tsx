/**
 * A table of any length: only the rows that can be seen are in the document, and further pages are asked for on the way down.
 *
 * Where there is less room than its columns need a row becomes a small card: its `first` columns each on a line of their own, then what is `shown` with
 * its title, and what is `bare` without.
 */
import {
  createSortedRowModel,
  type Row,
  type RowData,
  rowSortingFeature,
  type SortingState,
  tableFeatures,
  useTable,
} from '@tanstack/react-table'
import { useWindowVirtualizer } from '@tanstack/react-virtual'
import { type CSSProperties, memo, type ReactNode, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react'
import style from './data-table.module.css'
import { Trouble } from './notice.tsx'
import { TakeAlong } from './take-along.tsx'
import { useIsTight } from './tight.ts'

/** One column. `width` is a track of a CSS grid; `sort` is what rows are ordered by, for tables whose rows are all here. */
export type Column<T> = Readonly<{
  id: string
  title: string
  width: string
  cell: (row: T) => ReactNode
  right?: boolean
  narrow?: 'first' | 'shown' | 'bare'
  sort?: (row: T) => string | number
}>

/** How further rows come. */
export type More = Readonly<{
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
  more?: More
  /** What stands below the last row. */
  end?: ReactNode
}>

const ROW_PIXELS = 38
const OVERSCAN = 12
const ROWS_AHEAD = 120

const features = tableFeatures({ rowSortingFeature, sortedRowModel: createSortedRowModel() })
type Features = typeof features

/** The table. */
export function DataTable<T extends RowData>({ label, columns, rows, idOf, more, end }: Props<T>): ReactNode {
  const [sorting, setSorting] = useState<SortingState>([])
  const table = useTable<Features, T>({
    features,
    data: rows as T[],
    columns: useMemo(() => columns.map(definitionOf), [columns]),
    getRowId: idOf,
    state: { sorting },
    onSortingChange: setSorting,
    enableMultiSort: false,
  })
  const model = table.getRowModel().rows
  const { body, items, height, measure, margin } = useVisibleRows(model)
  const { table: place, isTight } = useIsTight(columns)
  useMoreWhenNear(items.at(-1)?.index ?? 0, model.length, more)
  const tracks = { '--columns': columns.map(({ width }) => width).join(' ') } as CSSProperties
  return (
    <>
      <div
        role="table"
        ref={place}
        className={style.table}
        data-tight={isTight}
        aria-label={label}
        aria-rowcount={more?.hasNextPage ? -1 : model.length + 1}
        style={tracks}
      >
        <Head columns={columns} sorting={sorting} setSorting={setSorting} />
        <div role="rowgroup" ref={body} className={style.body} style={{ height }}>
          {items.map((item) => {
            const row = model[item.index]!
            return (
              <TableRow
                key={row.id}
                row={row.original}
                columns={columns}
                index={item.index}
                top={item.start - margin}
                measure={measure}
              />
            )
          })}
        </div>
      </div>
      <Foot more={more} end={end} />
      <TakeAlong label={label} rows={model} isAll={!more?.hasNextPage} />
    </>
  )
}

function definitionOf<T>({ id, sort }: Column<T>) {
  if (sort === undefined) return { id, enableSorting: false, accessorFn: () => '' }
  return { id, accessorFn: sort, sortFn: 'basic' as never, sortDescFirst: false }
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
  return {
    body,
    margin,
    items: virtual.getVirtualItems(),
    height: virtual.getTotalSize(),
    measure: virtual.measureElement,
  }
}

function useMoreWhenNear(last: number, count: number, more: More | undefined): void {
  const isNear = last >= count - ROWS_AHEAD
  useEffect(() => {
    if (isNear && more?.hasNextPage && !more.isFetchingNextPage && more.error === null) more.fetchNextPage()
  }, [isNear, more])
}

type HeadProps<T> = Readonly<{
  columns: readonly Column<T>[]
  sorting: SortingState
  setSorting: (sorting: SortingState) => void
}>

function Head<T>({ columns, sorting, setSorting }: HeadProps<T>): ReactNode {
  const [by] = sorting
  return (
    <div role="rowgroup" className={style.head}>
      <div role="row" aria-rowindex={1} className={style.row}>
        {columns.map(({ id, title, sort, right }) => {
          const order = by?.id === id ? (by.desc ? 'descending' : 'ascending') : undefined
          const next = () => setSorting(order === 'descending' ? [] : [{ id, desc: order === 'ascending' }])
          return (
            <div key={id} role="columnheader" className={style.cell} data-right={right} aria-sort={order}>
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
  /** Pixels below the beginning of the table. */
  top: number
  measure: (element: Element | null) => void
}>

/** One row. While the table is scrolled only rows that are new are rendered. */
const TableRow = memo(PlainRow) as typeof PlainRow

function PlainRow<T>({ row, columns, index, top, measure }: RowProps<T>): ReactNode {
  return (
    <div
      role="row"
      aria-rowindex={index + 2}
      data-index={index}
      ref={measure}
      className={`${style.row} ${style.placed}`}
      style={{ transform: `translateY(${top}px)` }}
    >
      {columns.map(({ id, title, cell, right, narrow }) => (
        <div
          key={id}
          role="cell"
          className={style.cell}
          data-right={right}
          data-narrow={narrow ?? 'hidden'}
          data-title={title}
        >
          {cell(row)}
        </div>
      ))}
    </div>
  )
}

function Foot({ more, end }: Readonly<{ more: More | undefined; end: ReactNode }>): ReactNode {
  if (more?.error) return <Trouble error={more.error} retry={() => more.fetchNextPage()} />
  if (more?.isFetchingNextPage) return <p className={style.foot}>Loading more…</p>
  return end === undefined || more?.hasNextPage ? null : <p className={style.foot}>{end}</p>
}
