/** The products: searched while typing, with the price range over all stores. */
import { Checkbox, NativeSelect } from '@mantine/core'
import type { ProductPage } from '@splitcart/data-management/http/routes/products.ts'
import { useInfiniteQuery } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { type ReactNode, useCallback, useMemo } from 'react'
import { PRODUCT_ORDERS, productsQuery } from '../../api/queries.ts'
import cells from '../../parts/cells.module.css'
import { SIZE_COLUMN, UNIT_PRICE_COLUMN } from '../../parts/columns.tsx'
import { CompanyFilter } from '../../parts/company-filter.tsx'
import { type Column, DataTable } from '../../parts/data-table.tsx'
import filterStyle from '../../parts/filters.module.css'
import { ChoiceFilter, Filters, TextFilter } from '../../parts/filters.tsx'
import { atLeast, formatNumber, moneyRange } from '../../parts/format.ts'
import { Empty, ErrorNotice, Loading } from '../../parts/notice.tsx'
import { Page } from '../../parts/page.tsx'
import { ProductLink } from '../../parts/page-links.tsx'
import { UntrustedText } from '../../parts/untrusted-text.tsx'
import style from './products.module.css'

type Product = ProductPage['products'][number]

const COLUMNS: readonly Column<Product>[] = [
  {
    id: 'name',
    title: 'Product',
    width: 'minmax(12rem, 4fr)',
    narrow: 'first',
    sort: ({ name }) => name,
    cell: ({ id, name }) => <ProductLink id={id} name={name} className={cells.name} />,
  },
  {
    id: 'brand',
    title: 'Brand',
    width: 'minmax(5rem, 1.5fr)',
    narrow: 'bare',
    sort: ({ brand }) => brand ?? '',
    cell: ({ brand }) => <UntrustedText text={brand ?? ''} />,
  },
  SIZE_COLUMN,
  {
    id: 'companies',
    title: 'Sold by',
    width: 'minmax(6rem, 1.8fr)',
    sort: companiesOf,
    cell: (product) => <UntrustedText text={companiesOf(product)} />,
  },
  {
    id: 'stores',
    title: 'Stores',
    width: '4rem',
    alignRight: true,
    sort: ({ now }) => now?.stores ?? 0,
    cell: ({ now }) => formatNumber(now?.stores ?? 0),
  },
  {
    id: 'price',
    title: 'Price now',
    width: '8.5rem',
    alignRight: true,
    narrow: 'bare',
    sort: ({ now }) => now?.lowest_cents ?? Number.POSITIVE_INFINITY,
    cell: ({ now }) => <PriceRange now={now} />,
  },
  UNIT_PRICE_COLUMN,
]

/** The page at /products. */
export function Products(): ReactNode {
  const { table: _, ...filters } = useSearch({ from: '/shell/products' })
  const products = useInfiniteQuery(productsQuery(filters))
  const rows = useMemo(() => products.data?.pages.flatMap((page) => page.products) ?? [], [products.data])
  const { total, corrected = null } = products.data?.pages[0] ?? {}
  return (
    <Page title="Products">
      <ProductFilters categories={products.data?.pages[0]?.categories ?? []} />
      <p role="status" className={style.found}>
        {total === undefined ? '' : `${atLeast(total)} found`}
        {corrected !== null && (
          <>
            {' for '}
            <strong>
              <UntrustedText text={corrected} />
            </strong>
            {', since nothing is called as it was typed'}
          </>
        )}
      </p>
      {products.error !== null && products.data === undefined && (
        <ErrorNotice error={products.error} retry={products.refetch} />
      )}
      {products.isPending ? (
        <Loading />
      ) : rows.length === 0 && !products.isError ? (
        <NoProducts isFiltered={Object.keys(filters).length > 0} />
      ) : (
        <DataTable label="Products" columns={COLUMNS} rows={rows} idOf={({ id }) => String(id)} more={products} />
      )}
    </Page>
  )
}

function companiesOf({ listings }: Product): string {
  return [...new Set(listings.map(({ company }) => company))].join(', ')
}

function PriceRange({ now }: Pick<Product, 'now'>): ReactNode {
  if (now === undefined || now.lowest_cents === null || now.highest_cents === null)
    return <span className={cells.muted}>{whyNoPrice(now)}</span>
  return moneyRange(now.lowest_cents, now.highest_cents)
}

function whyNoPrice(now: Product['now']): string {
  if (now === undefined || now.stores + now.silent_stores === 0) return 'not on sale'
  return now.stores === 0 ? 'not seen lately' : 'not available'
}

function ProductFilters({ categories }: Readonly<{ categories: readonly string[] }>): ReactNode {
  const { q, company, category, special, barcode, sku } = useSearch({ from: '/shell/products' })
  const navigate = useNavigate({ from: '/products' })
  const setText = useCallback(
    (text: string | undefined) => navigate({ search: (now) => ({ ...now, q: text }), replace: true }),
    [navigate],
  )
  return (
    <Filters>
      <TextFilter label="Name and brand" value={q ?? ''} onChange={setText} placeholder="full cream mi…" autoFocus />
      <CompanyFilter
        value={company}
        onChange={(chosen) => navigate({ search: (now) => ({ ...now, company: chosen }) })}
      />
      <ChoiceFilter
        label="Category"
        all="all categories"
        values={categories}
        value={category}
        onChange={(chosen) => navigate({ search: (now) => ({ ...now, category: chosen }) })}
      />
      {(q ?? category) !== undefined && <OrderFilter />}
      <Checkbox
        className={style.special}
        label="Only on special"
        checked={special !== undefined}
        onChange={({ currentTarget: { checked } }) =>
          navigate({ search: (now) => ({ ...now, special: checked ? 'only' : undefined }) })
        }
      />
      {(barcode ?? sku) !== undefined && (
        <Link
          from="/products"
          to="/products"
          search={(now) => ({ ...now, barcode: undefined, sku: undefined })}
          className={filterStyle.only}
        >
          only <UntrustedText text={barcode ?? sku ?? ''} /> ×
        </Link>
      )}
    </Filters>
  )
}

const ORDER_NAMES = [
  { value: 'price', label: 'the cheapest' },
  { value: 'drop', label: 'the largest drop' },
  { value: 'any', label: 'the cheapest by amount' },
  { value: 'g', label: 'the cheapest by weight' },
  { value: 'ml', label: 'the cheapest by volume' },
  { value: 'm', label: 'the cheapest by length' },
  { value: 'each', label: 'the cheapest by piece' },
]
const UNIT_AMOUNTS = { g: '100 g', ml: '100 ml', m: '1 m', each: 'piece' } as const

/** The choice of the sort order, and of the highest unit price. */
function OrderFilter(): ReactNode {
  const { q, by, max } = useSearch({ from: '/shell/products' })
  const navigate = useNavigate({ from: '/products' })
  const setMax = useCallback(
    (text: string | undefined) => navigate({ search: (now) => ({ ...now, max: text }), replace: true }),
    [navigate],
  )
  const setOrder = (chosen: string) =>
    navigate({ search: (now) => ({ ...now, by: PRODUCT_ORDERS.find((each) => each === chosen), max: undefined }) })
  return (
    <>
      <NativeSelect
        label="Order"
        value={by ?? ''}
        onChange={({ currentTarget }) => setOrder(currentTarget.value)}
        data={[{ value: '', label: q === undefined ? 'the longest known' : 'the best first' }, ...ORDER_NAMES]}
      />
      {by !== undefined && by in UNIT_AMOUNTS && (
        <TextFilter
          key={by}
          label={`At most, for ${UNIT_AMOUNTS[by as keyof typeof UNIT_AMOUNTS]}`}
          value={max ?? ''}
          onChange={setMax}
          placeholder="2.50"
        />
      )}
    </>
  )
}

function NoProducts({ isFiltered }: Readonly<{ isFiltered: boolean }>): ReactNode {
  if (isFiltered)
    return (
      <Empty title="No product is called that.">
        <p>All words must be in its name or brand; the last one may be only begun.</p>
        <Link to="/products">Show all products</Link>
      </Empty>
    )
  return (
    <Empty
      title="No product is known yet. On the scraping machine, with files in product_outbox:"
      commands={['npx splitcart upload-data --wait']}
    />
  )
}
