/** The current price of a product in every store; checkboxes select the stores of the chart. */
import { Checkbox } from '@mantine/core'
import type { ProductAnswer } from '@splitcart/data-management/http/routes/products.ts'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { type ReactNode, useMemo } from 'react'
import { COMPANY_COLUMN } from '../../parts/columns.tsx'
import { type Column, DataTable } from '../../parts/data-table.tsx'
import { changePercent, count, formatNumber, money, priceOrNone, unitPrice } from '../../parts/format.ts'
import { Panel } from '../../parts/page.tsx'
import { StoreLink } from '../../parts/store-link.tsx'
import { ScrapeDate } from '../../parts/time.tsx'
import { UntrustedText } from '../../parts/untrusted-text.tsx'
import { storeParameter, toggleStore } from './chart-stores.ts'
import style from './product.module.css'

type StorePrice = ProductAnswer['prices'][number]
type Props = Readonly<{ product: ProductAnswer; chosen: readonly string[] }>

// With more prices than this, only those of a selected chain are shown.
const PRICES_SHOWN_MAX = 15

/** The table of current prices; with many, only those of the selected chain. */
export function PricesNow({ product, chosen }: Props): ReactNode {
  const navigate = useNavigate({ from: '/products/$id' })
  const columns = useMemo(() => {
    const toggle = (store: string) =>
      navigate({ search: (now) => ({ ...now, store: toggleStore(chosen, store) }), replace: true, resetScroll: false })
    return columnsFor(chosen, toggle)
  }, [chosen, navigate])
  const { chain } = useSearch({ from: '/shell/products/$id' })
  const isFew = product.prices.length <= PRICES_SHOWN_MAX
  const rows = useMemo(
    () => product.prices.filter(({ company }) => (chain === undefined ? isFew : company === chain)),
    [product.prices, chain, isFew],
  )
  const title = chain === undefined ? 'What it costs now' : `What it costs now at ${chain}`
  return (
    <Panel title={title} note={storesText(product.now)} plain>
      {rows.length === 0 ? (
        <p className={style.muted}>Choose the stores of a chain above to see each of them.</p>
      ) : (
        <DataTable label="What it costs now" columns={columns} rows={rows} idOf={idOf} />
      )}
    </Panel>
  )
}

/** "in 3 stores; 2 more have not been heard of lately" */
function storesText({ stores, silent_stores }: ProductAnswer['now']): string {
  const heard = `in ${count(stores, 'store')}`
  if (silent_stores === 0) return heard
  return `${heard}; ${silent_stores === 1 ? '1 more has' : `${formatNumber(silent_stores)} more have`} not been heard of lately`
}

function idOf({ company, store_id, sku, key }: StorePrice): string {
  return JSON.stringify([company, store_id, sku ?? key])
}

function columnsFor(chosen: readonly string[], toggle: (store: string) => void): Column<StorePrice>[] {
  return [
    {
      id: 'chart',
      title: 'Chart',
      width: '3rem',
      narrow: 'bare',
      cell: (price) => (
        <Checkbox
          size="xs"
          aria-label={`Show ${price.company} ${price.store_name} in the chart`.slice(0, 120)}
          checked={chosen.includes(storeParameter(price))}
          onChange={() => toggle(storeParameter(price))}
        />
      ),
    },
    ...COLUMNS,
  ]
}

const COLUMNS: readonly Column<StorePrice>[] = [
  { ...COMPANY_COLUMN, width: 'minmax(4.5rem, 1fr)' },
  {
    id: 'store',
    title: 'Store',
    width: 'minmax(7rem, 2fr)',
    narrow: 'bare',
    sort: ({ store_name }) => store_name,
    cell: ({ company, store_id, store_name }) => (
      <StoreLink store={{ company, store_id }}>
        <UntrustedText text={store_name} />
      </StoreLink>
    ),
  },
  {
    id: 'price',
    title: 'Price',
    width: '5.5rem',
    alignRight: true,
    narrow: 'bare',
    sort: ({ price_cents }) => price_cents ?? Number.POSITIVE_INFINITY,
    cell: (price) =>
      price.is_silent ? <span className={style.old}>{priceOrNone(price)}</span> : <strong>{priceOrNone(price)}</strong>,
  },
  {
    id: 'unit',
    title: 'By amount',
    width: '8rem',
    alignRight: true,
    sort: ({ unit_price_cents }) => unit_price_cents ?? Number.POSITIVE_INFINITY,
    cell: unitPrice,
  },
  {
    id: 'was',
    title: 'Before',
    width: '5.5rem',
    alignRight: true,
    narrow: 'shown',
    sort: ({ was_price_cents }) => was_price_cents ?? 0,
    cell: ({ was_price_cents }) => (was_price_cents === null ? '–' : money(was_price_cents)),
  },
  {
    id: 'change',
    title: 'Change',
    width: '4.5rem',
    alignRight: true,
    sort: ({ was_price_cents: was, price_cents: now }) =>
      was === null || now === null ? Number.POSITIVE_INFINITY : now / was,
    cell: ({ was_price_cents, price_cents }) =>
      was_price_cents === null || price_cents === null ? '' : changePercent(was_price_cents, price_cents),
  },
  {
    id: 'notes',
    title: 'Notes',
    width: '8.5rem',
    narrow: 'bare',
    sort: priceFlagsText,
    cell: (price) => <PriceNotes terms={price} />,
  },
  {
    id: 'date',
    title: 'Seen',
    width: '7rem',
    alignRight: true,
    narrow: 'shown',
    sort: ({ date }) => date,
    cell: ({ date }) => <ScrapeDate on={date} />,
  },
]

type NotedTerms = Readonly<{ is_on_special: boolean | null; is_available: boolean | null; is_silent?: boolean }>

/** Notes on a price in words: special, sold out, not seen lately. */
export function priceFlagsText(terms: NotedTerms): string {
  const notes = [
    terms.is_silent === true && 'not seen lately',
    terms.is_on_special === true && 'special',
    terms.is_available === false && 'sold out',
  ]
  return notes.filter(Boolean).join(', ')
}

/** The same notes as a table cell. */
export function PriceNotes({ terms }: Readonly<{ terms: NotedTerms }>): ReactNode {
  return <span className={style.notes}>{priceFlagsText(terms)}</span>
}
