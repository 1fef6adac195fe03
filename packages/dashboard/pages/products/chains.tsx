/** The current prices of a product: one row per chain with its price range; its stores on demand. */
import { Button } from '@mantine/core'
import type { ProductAnswer } from '@splitcart/data-management/http/routes/products.ts'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { type ReactNode, useMemo } from 'react'
import { COMPANY_COLUMN, UNIT_PRICE_COLUMN } from '../../parts/columns.tsx'
import { type Column, DataTable } from '../../parts/data-table.tsx'
import { count, formatNumber, money, moneyRange } from '../../parts/format.ts'
import { Panel } from '../../parts/page.tsx'
import { ScrapeDate } from '../../parts/time.tsx'
import style from './cheapest.module.css'

type Chain = ProductAnswer['chains'][number]

/** The table of chains; the number of stores of a chain is a button that opens them below. */
export function Chains({ product: { chains } }: Readonly<{ product: ProductAnswer }>): ReactNode {
  const { chain: chosen } = useSearch({ from: '/shell/products/$id' })
  const navigate = useNavigate({ from: '/products/$id' })
  const columns = useMemo(() => {
    const open = (company: string) =>
      navigate({
        search: (now) => ({ ...now, chain: now.chain === company ? undefined : company }),
        replace: true,
        resetScroll: false,
      })
    return [...columnsFor(chains), storesColumn(chosen, open)]
  }, [chains, chosen, navigate])
  return (
    <Panel title="Chain by chain" plain>
      <DataTable label="Chain by chain" columns={columns} rows={chains} idOf={({ company }) => company} />
    </Panel>
  )
}

function columnsFor(chains: readonly Chain[]): Column<Chain>[] {
  return [
    COMPANY_COLUMN,
    {
      id: 'price',
      title: 'Price now',
      width: '9rem',
      alignRight: true,
      narrow: 'bare',
      sort: ({ lowest_cents }) => lowest_cents ?? Number.POSITIVE_INFINITY,
      cell: (chain) => <ChainPriceRange chain={chain} />,
    },
    {
      id: 'band',
      title: 'Its stores',
      width: 'minmax(6rem, 2fr)',
      cell: (chain) => <PriceBand chain={chain} all={chains} />,
    },
    ...COLUMNS,
  ]
}

const COLUMNS: readonly Column<Chain>[] = [
  UNIT_PRICE_COLUMN,
  {
    id: 'usual',
    title: 'Usual',
    width: '5rem',
    alignRight: true,
    narrow: 'shown',
    sort: ({ usual_cents }) => usual_cents ?? Number.POSITIVE_INFINITY,
    cell: ({ usual_cents }) => (usual_cents === null ? '–' : money(usual_cents)),
  },
  {
    id: 'seen',
    title: 'Seen',
    width: '7rem',
    alignRight: true,
    narrow: 'shown',
    sort: ({ seen_on }) => seen_on,
    cell: ({ seen_on, is_silent }) => (
      <span className={is_silent ? style.old : ''}>
        <ScrapeDate on={seen_on} />
      </span>
    ),
  },
]

function storesColumn(chosen: string | undefined, open: (company: string) => void): Column<Chain> {
  return {
    id: 'stores',
    title: 'Stores',
    width: '9.5rem',
    alignRight: true,
    narrow: 'bare',
    sort: ({ stores }) => stores,
    cell: ({ company, lowest_stores, stores, silent_stores }) => {
      const text =
        stores === 0
          ? `${count(silent_stores, 'store')} long ago`
          : `${formatNumber(lowest_stores)} of ${count(stores, 'store')}`
      return (
        <Button
          size="compact-xs"
          variant="default"
          aria-expanded={chosen === company}
          aria-label={`${text}: ${company}`.slice(0, 120)}
          onClick={() => open(company)}
        >
          {text}
        </Button>
      )
    },
  }
}

function ChainPriceRange({ chain }: Readonly<{ chain: Chain }>): ReactNode {
  const { lowest_cents: lowest, highest_cents: highest, is_silent } = chain
  if (lowest === null || highest === null) return <span className={style.old}>sold out</span>
  const text = moneyRange(lowest, highest)
  return is_silent ? <span className={style.old}>{text}</span> : <strong>{text}</strong>
}

/** A bar from the chain's lowest to its highest price, on a scale that all chains share. */
function PriceBand({ chain, all }: Readonly<{ chain: Chain; all: readonly Chain[] }>): ReactNode {
  const { lowest_cents: lowest, highest_cents: highest } = chain
  if (lowest === null || highest === null) return null
  const most = Math.max(...all.map(({ highest_cents }) => highest_cents ?? 0))
  const least = Math.min(...all.flatMap(({ lowest_cents }) => lowest_cents ?? []))
  const from = 0.8 * least
  const place = (cents: number) => `${(100 * (cents - from)) / Math.max(1, most - from)}%`
  const width = `${(100 * (highest - lowest)) / Math.max(1, most - from)}%`
  return (
    <span className={style.band} aria-hidden="true">
      <span className={style.range} data-old={chain.is_silent} style={{ left: `min(${place(lowest)}, 97%)`, width }} />
    </span>
  )
}
