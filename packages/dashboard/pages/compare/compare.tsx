/** Compares products: where each is cheapest, and one chart of all. Their ids are in the URL, so it can be shared. */
import { Button } from '@mantine/core'
import type { PricesAnswer, ProductAnswer } from '@splitcart/data-management/http/routes/products.ts'
import { useQueries } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { lazy, type ReactNode, Suspense, useMemo } from 'react'
import { pricesQuery, productQuery } from '../../api/queries.ts'
import { SIZE_COLUMN } from '../../parts/columns.tsx'
import { CopyTextButton } from '../../parts/commands.tsx'
import { clearComparedProducts, TRAY_MAX } from '../../parts/compared-products.ts'
import { type Column, DataTable } from '../../parts/data-table.tsx'
import { money, unitPrice } from '../../parts/format.ts'
import { Empty, ErrorNotice, Loading } from '../../parts/notice.tsx'
import { Page, Panel } from '../../parts/page.tsx'
import { ProductLink } from '../../parts/page-links.tsx'
import { ScrapeDate } from '../../parts/time.tsx'
import { UntrustedText } from '../../parts/untrusted-text.tsx'
import { storeParameter } from '../products/chart-stores.ts'
import { linesOf, type StoreLine } from '../products/lines.ts'
import style from './compare.module.css'

const PriceChart = lazy(async () => ({ default: (await import('../products/price-chart.tsx')).PriceChart }))

/** The page at /compare. */
export function ComparePage(): ReactNode {
  const { product: ids = [] } = useSearch({ from: '/shell/compare' })
  const shown = ids.slice(0, TRAY_MAX)
  const { products, fault } = useQueries({
    queries: shown.map((id) => productQuery(id)),
    combine: (answers) => ({
      products: answers.flatMap(({ data }) => data ?? []),
      fault: answers.find(({ error }) => error !== null),
    }),
  })
  return (
    <Page
      title="Compare"
      lead={<Link to="/products">All products</Link>}
      actions={shown.length > 0 && <CopyTextButton text={window.location.href} what="the address of this comparison" />}
    >
      {fault?.error && <ErrorNotice error={fault.error} retry={fault.refetch} />}
      {shown.length === 0 ? (
        <Empty title="Nothing is laid aside.">
          <p>“Add to comparison” on the page of a product does that.</p>
        </Empty>
      ) : products.length === 0 ? (
        fault === undefined && <Loading />
      ) : (
        <Comparison products={products} />
      )}
    </Page>
  )
}

function Comparison({ products }: Readonly<{ products: readonly ProductAnswer[] }>): ReactNode {
  const navigate = useNavigate({ from: '/compare' })
  return (
    <>
      <Panel title="Where each is cheapest" plain>
        <DataTable label="Where each is cheapest" columns={COLUMNS} rows={products} idOf={({ id }) => String(id)} />
      </Panel>
      <ComparisonChart products={products} />
      <Button
        size="compact-sm"
        variant="default"
        onClick={() => {
          clearComparedProducts()
          navigate({ search: {} })
        }}
      >
        Put all back
      </Button>
    </>
  )
}

const cheapestChain = ({ chains }: ProductAnswer) => chains[0]

const COLUMNS: readonly Column<ProductAnswer>[] = [
  {
    id: 'name',
    title: 'Product',
    width: 'minmax(10rem, 3fr)',
    narrow: 'first',
    sort: ({ name }) => name,
    cell: ({ id, name }) => <ProductLink id={id} name={name} className={style.name} />,
  },
  SIZE_COLUMN,
  {
    id: 'where',
    title: 'At',
    width: 'minmax(5rem, 1fr)',
    narrow: 'bare',
    sort: (product) => cheapestChain(product)?.company ?? '',
    cell: (product) => <UntrustedText text={cheapestChain(product)?.company ?? ''} />,
  },
  {
    id: 'price',
    title: 'Price now',
    width: '6rem',
    alignRight: true,
    narrow: 'bare',
    sort: (product) => cheapestChain(product)?.lowest_cents ?? Number.POSITIVE_INFINITY,
    cell: (product) => <CheapestPrice product={product} />,
  },
  {
    id: 'unit',
    title: 'By amount',
    width: '8rem',
    alignRight: true,
    narrow: 'bare',
    sort: (product) => cheapestChain(product)?.unit_price_cents ?? Number.POSITIVE_INFINITY,
    cell: (product) => (cheapestChain(product) === undefined ? '–' : unitPrice(cheapestChain(product)!)),
  },
  {
    id: 'seen',
    title: 'Seen',
    width: '7rem',
    alignRight: true,
    narrow: 'shown',
    sort: (product) => cheapestChain(product)?.seen_on ?? '',
    cell: (product) => cheapestChain(product) && <ScrapeDate on={cheapestChain(product)!.seen_on} />,
  },
]

function CheapestPrice({ product }: Readonly<{ product: ProductAnswer }>): ReactNode {
  const chain = cheapestChain(product)
  if (chain === undefined || chain.lowest_cents === null) return <span className={style.old}>–</span>
  const text = money(chain.lowest_cents)
  return chain.is_silent ? <span className={style.old}>{text}</span> : <strong>{text}</strong>
}

/** The chart: of each product the store with the lowest price, then one store per chain while there is room. */
function ComparisonChart({ products }: Readonly<{ products: readonly ProductAnswer[] }>): ReactNode {
  const each = Math.max(1, Math.floor(TRAY_MAX / products.length))
  const known = useQueries({
    queries: products.map((product) =>
      pricesQuery(String(product.id), { store: storesToDraw(product).slice(0, each) }),
    ),
    combine: (answers) => answers.map(({ data }) => data),
  })
  const lines = useMemo(() => known.flatMap((data, index) => namedLines(data, products[index]!)), [known, products])
  return (
    <Panel title="What they have cost">
      {lines.length > 0 && (
        <Suspense fallback={<div className={style.room} />}>
          <PriceChart lines={lines} />
        </Suspense>
      )}
    </Panel>
  )
}

/** The lines of a product, labelled with its name to distinguish lines of several products. */
function namedLines(data: PricesAnswer | undefined, { id, name }: ProductAnswer): StoreLine[] {
  return data === undefined ? [] : linesOf(data).map((line) => ({ ...line, listing: name, key: `${id} ${line.key}` }))
}

function storesToDraw({ prices }: ProductAnswer): string[] {
  const firsts = prices.filter(({ company }, index) => prices.findIndex((price) => price.company === company) === index)
  return [...new Set([...firsts, ...prices].map(storeParameter))]
}
