/** The tools above a table: search, sort order where the table has no header, and download of its rows. */
import { NativeSelect } from '@mantine/core'
import { type ReactNode, useCallback } from 'react'
import { csvOf } from './csv.ts'
import { TextFilter } from './filters.tsx'
import { Icon } from './icon.tsx'
import { slugOf, type TableState } from './table-state.ts'
import style from './table-tools.module.css'

type Props = Readonly<{
  label: string
  columns: readonly Readonly<{ id: string; title: string; sort?: unknown }>[]
  /** The rows in the table's order, and whether these are all. */
  rows: readonly unknown[]
  isAll: boolean
  isTight: boolean
  state: TableState
  change: (part: Partial<TableState>) => void
}>

const MEDIA_TYPES = { csv: 'text/csv', json: 'application/json' } as const

/** The tools of a table, in one line. */
export function TableTools({ label, columns, rows, isAll, isTight, state, change }: Props): ReactNode {
  // A stable function: a new one on each render would restart the pause of `TextFilter`.
  const seek = useCallback((words = '') => change({ words }), [change])
  return (
    <div className={style.tools}>
      <TextFilter label={`Find in ${label}`} value={state.words} onChange={seek} isSmall />
      {isTight && <OrderChoice columns={columns} order={state.order} choose={(order) => change({ order })} />}
      {rows.length > 0 && <DownloadRows label={label} rows={rows} isAll={isAll} />}
    </div>
  )
}

type OrderChoiceProps = Pick<Props, 'columns'> & Readonly<{ order: string; choose: (order: string) => void }>

function OrderChoice({ columns, order, choose }: OrderChoiceProps): ReactNode {
  const orders = columns
    .filter(({ sort }) => sort !== undefined)
    .flatMap(({ id, title }) => [
      { value: id, label: `${title} ↑` },
      { value: `-${id}`, label: `${title} ↓` },
    ])
  return (
    <NativeSelect
      size="xs"
      aria-label="Order"
      value={order}
      onChange={({ currentTarget }) => choose(currentTarget.value)}
      data={[{ value: '', label: 'as it comes' }, ...orders]}
    />
  )
}

function DownloadRows({ label, rows, isAll }: Pick<Props, 'label' | 'rows' | 'isAll'>): ReactNode {
  const take = (kind: keyof typeof MEDIA_TYPES) => {
    const text = kind === 'csv' ? csvOf(rows) : `${JSON.stringify(rows, null, 1)}\n`
    saveFile(new Blob([text], { type: MEDIA_TYPES[kind] }), `${slugOf(label)}.${kind}`)
  }
  return (
    <span className={style.take}>
      <Icon name="download" size={14} />
      {isAll ? 'These rows' : 'The rows loaded so far'} as
      {(['csv', 'json'] as const).map((kind) => (
        <button key={kind} type="button" className={style.kind} onClick={() => take(kind)}>
          {kind.toUpperCase()}
        </button>
      ))}
    </span>
  )
}

function saveFile(blob: Blob, name: string): void {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(blob)
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000)
}
