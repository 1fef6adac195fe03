/** The table of changes, used on the page of changes and, with the first rows only, on other pages. */
import type { ChangePage } from '@splitcart/data-management/http/routes/changes-schema.ts'
import type { ReactNode } from 'react'
import cells from '../../parts/cells.module.css'
import { COMPANY_COLUMN } from '../../parts/columns.tsx'
import { type Column, DataTable, type MorePages } from '../../parts/data-table.tsx'
import { formatNumber, formatPriceChange, money, unitPrice } from '../../parts/format.ts'
import { ProductLink } from '../../parts/page-links.tsx'
import { ScrapeDate } from '../../parts/time.tsx'
import style from './changes.module.css'
import { KIND_LABELS } from './kinds.ts'

export type Change = ChangePage['changes'][number]

const COLUMNS: readonly Column<Change>[] = [
  {
    id: 'name',
    title: 'Product',
    width: 'minmax(9rem, 4fr)',
    narrow: 'first',
    sort: ({ name }) => name,
    cell: ({ product_id, name }) => <ProductLink id={product_id} name={name} className={cells.name} />,
  },
  COMPANY_COLUMN,
  {
    id: 'kind',
    title: 'What',
    width: '6rem',
    narrow: 'bare',
    sort: ({ kind }) => KIND_LABELS[kind],
    cell: ({ kind }) => (
      <span className={style.kind} data-kind={kind}>
        {KIND_LABELS[kind]}
      </span>
    ),
  },
  {
    id: 'to',
    title: 'Before, now',
    width: '6.5rem',
    alignRight: true,
    narrow: 'bare',
    sort: ({ to_cents }) => to_cents ?? Number.POSITIVE_INFINITY,
    cell: ({ from_cents, to_cents }) => (
      <>
        {from_cents !== null && from_cents !== to_cents && <s className={style.before}>{money(from_cents)}</s>}
        <strong>{to_cents === null ? '–' : money(to_cents)}</strong>
      </>
    ),
  },
  {
    id: 'change',
    title: 'Change',
    width: '7.75rem',
    alignRight: true,
    narrow: 'bare',
    sort: ({ change_share }) => change_share ?? Number.POSITIVE_INFINITY,
    cell: (change) => <ChangeAmount change={change} />,
  },
  {
    id: 'unit',
    title: 'By amount',
    width: '7.25rem',
    alignRight: true,
    narrow: 'bare',
    sort: ({ unit_price_cents }) => unit_price_cents ?? Number.POSITIVE_INFINITY,
    cell: unitPrice,
  },
  {
    id: 'stores',
    title: 'Stores',
    width: '3.25rem',
    alignRight: true,
    narrow: 'shown',
    sort: ({ stores }) => stores,
    cell: ({ stores }) => formatNumber(stores),
  },
  {
    id: 'when',
    title: 'Since',
    width: '7rem',
    alignRight: true,
    narrow: 'shown',
    sort: ({ first_date }) => first_date,
    cell: ({ first_date }) => <ScrapeDate on={first_date} />,
  },
]

type Props = Readonly<{ label: string; changes: readonly Change[]; more?: MorePages }>

/** A table of changes. `more`: fetches further rows. */
export function ChangesTable({ label, changes, more }: Props): ReactNode {
  return <DataTable label={label} columns={COLUMNS} rows={changes} idOf={idOf} {...(more && { more })} />
}

function idOf({ kind, company, sku, key, from_cents, to_cents }: Change): string {
  return JSON.stringify([kind, company, sku ?? key, from_cents, to_cents])
}

/** The size of a change, in money and in percent. */
export function ChangeAmount({ change }: Readonly<{ change: Change }>): ReactNode {
  const { change_cents: cents, change_share: share, kind } = change
  if (cents === null || share === null) return ''
  return (
    <span className={style.by} data-kind={kind}>
      {formatPriceChange(cents, share)}
    </span>
  )
}
