/** One product: its current prices in every store, and its price history. */
import { Button, NativeSelect } from '@mantine/core'
import type { ProductAnswer } from '@splitcart/data-management/http/routes/products.ts'
import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router'
import { lazy, type ReactNode, Suspense, useMemo } from 'react'
import { chainHistoriesQuery, pricesQuery, productQuery } from '../../api/queries.ts'
import { useTimeZone } from '../../api/session.ts'
import { DAY_MS } from '../../parts/durations.ts'
import { dateInZone, joinWords } from '../../parts/format.ts'
import { Empty, ErrorNotice, Loading } from '../../parts/notice.tsx'
import { Facts, Page, Panel } from '../../parts/page.tsx'
import { ShopPicture } from '../../parts/shop-picture.tsx'
import { UntrustedBlock, UntrustedLines, UntrustedText } from '../../parts/untrusted-text.tsx'
import { CompareButton } from '../compare/compare-button.tsx'
import { WatchButton } from '../notices/watch.tsx'
import { ChainHistory } from './chain-history.tsx'
import { Chains } from './chains.tsx'
import { defaultStores, drawnStores, storeParameter } from './chart-stores.ts'
import { CheapestSentence } from './cheapest.tsx'
import { ComparableListings } from './comparable.tsx'
import { PriceHistoryTable } from './history.tsx'
import { chainsWithin, linesOf } from './lines.ts'
import { PricesNow } from './prices-now.tsx'
import style from './product.module.css'

const PriceChart = lazy(async () => ({ default: (await import('./price-chart.tsx')).PriceChart }))

const PERIODS = [
  { value: '', label: 'all that is known' },
  { value: '30', label: 'the last 30 days' },
  { value: '90', label: 'the last 90 days' },
  { value: '365', label: 'the last year' },
  { value: '730', label: 'the last two years' },
]

/** The page at /products/<id>. */
export function ProductPage(): ReactNode {
  const { id } = useParams({ from: '/shell/products/$id' })
  const { data, error, refetch } = useQuery(productQuery(id))
  return (
    <Page
      title={data?.name ?? 'Product'}
      heading={data && <UntrustedBlock text={data.name} />}
      lead={<Link to="/products">All products</Link>}
      actions={
        data && (
          <>
            <WatchButton product={data} />
            <CompareButton product={{ id: String(data.id), name: data.name }} />
          </>
        )
      }
    >
      {error && <ErrorNotice error={error} retry={refetch} />}
      {data === undefined ? error === null && <Loading /> : <ProductDetails product={data} />}
    </Page>
  )
}

function ProductDetails({ product }: Readonly<{ product: ProductAnswer }>): ReactNode {
  const { store, chain } = useSearch({ from: '/shell/products/$id' })
  const drawn = useMemo(() => drawnStores(product.prices, { store, chain }), [product.prices, store, chain])
  return (
    <>
      <CheapestSentence product={product} />
      <ProductFacts product={product} />
      {product.prices.length === 0 && drawn.length === 0 ? (
        <Empty title="No store shows it in its latest scrape." />
      ) : (
        <PriceHistory product={product} drawn={drawn}>
          <Chains product={product} />
          <PricesNow product={product} chosen={drawn} />
          <ComparableListings product={product} />
        </PriceHistory>
      )}
    </>
  )
}

function ProductFacts({ product }: Readonly<{ product: ProductAnswer }>): ReactNode {
  const { name, brand, size, barcodes, categories, listings } = product
  const named = [...new Set(listings.map((listing) => listing.name))].filter((each) => each !== name)
  return (
    <div className={style.about}>
      <ShopPicture product={product.id} address={product.image_url} />
      <Facts
        facts={[
          ['Brand', brand === null ? 'not told' : <UntrustedBlock key="brand" text={brand} />],
          ['Size', size === null ? 'not told' : <UntrustedBlock key="size" text={size} />],
          ['Barcodes', barcodes.length === 0 ? 'none' : <UntrustedBlock key="barcodes" text={joinWords(barcodes)} />],
          [
            'Category',
            categories.length === 0 ? 'none' : <UntrustedBlock key="category" text={categories.join(' › ')} />,
          ],
          ['Sold as', <ProductListings key="listings" listings={listings} />],
          ...(named.length === 0
            ? []
            : [['Also called', <UntrustedBlock key="names" text={joinWords(named)} />] as const]),
          ...detailRows(listings),
        ]}
      />
    </div>
  )
}

const DETAIL_FIELDS = [
  ['Description', 'description'],
  ['Ingredients', 'ingredients'],
  ['Allergens', 'allergens'],
  ['Comes from', 'country_of_origin'],
  ['Health stars', 'health_star_rating'],
] as const

/** The further fields of a product, each from the first listing that has it. */
function detailRows(listings: ProductAnswer['listings']): (readonly [string, ReactNode])[] {
  return DETAIL_FIELDS.flatMap(([title, field]) => {
    const text = listings.map(({ details }) => details?.[field]).find((each) => each !== undefined)
    return text === undefined ? [] : [[title, <UntrustedLines key={field} text={String(text)} />] as const]
  })
}

const EVIDENCE_TEXT = { person: 'a person said so', gtin: 'the same barcode', name: 'the same name and size' } as const

function ProductListings({ listings }: Pick<ProductAnswer, 'listings'>): ReactNode {
  return (
    <ul className={style.listings}>
      {listings.map(({ company, sku, key, size, evidence, url, details }) => (
        <li key={JSON.stringify([company, key, sku])}>
          <UntrustedText text={[company, sku, size].filter((each) => each !== null).join(' ')} />
          {details?.per_unit_price_string !== undefined && (
            <>
              {' · '}
              <UntrustedText text={details.per_unit_price_string} />
            </>
          )}
          {evidence !== null && ` · ${EVIDENCE_TEXT[evidence]}`}
          {url !== null && /^https?:\/\//i.test(url) && (
            <>
              {' '}
              <a href={url} rel="noreferrer noopener external" title={url}>
                in the shop
              </a>
            </>
          )}
        </li>
      ))}
    </ul>
  )
}

type PriceHistoryProps = Readonly<{ product: ProductAnswer; drawn: readonly string[]; children: ReactNode }>

/** The chart with its settings, and the same data as tables. */
function PriceHistory({ product, drawn, children }: PriceHistoryProps): ReactNode {
  const navigate = useNavigate({ from: '/products/$id' })
  const { lines, own, chains, error, retry } = usePriceHistory(product, drawn)
  const open = (chain: string) =>
    navigate({ search: (now) => ({ ...now, chain, store: undefined }), replace: true, resetScroll: false })
  return (
    <>
      <Panel title="What it has cost" note={<HistoryChoices />}>
        {error && <ErrorNotice error={error} retry={retry} />}
        {chains === undefined && error === null && <Loading />}
        {chains !== undefined && own.length + chains.length === 0 && (
          <p className={style.muted}>Nothing in this period.</p>
        )}
        {chains !== undefined && own.length + chains.length > 0 && (
          <Suspense fallback={<div className={style.room} />}>
            <PriceChart lines={own} chains={chains} open={open} />
          </Suspense>
        )}
      </Panel>
      {children}
      {chains !== undefined && chains.length > 0 && <ChainHistory chains={chains} />}
      {lines.length > 0 && <PriceHistoryTable lines={lines} />}
    </>
  )
}

/** The lines of stores; those of them in the chart (`own`); and the chains in the chart, once both are loaded. */
function usePriceHistory({ id, prices, chains: now }: ProductAnswer, drawn: readonly string[]) {
  const { days } = useSearch({ from: '/shell/products/$id' })
  const zone = useTimeZone()
  const from = days === undefined ? undefined : dateInZone(zone, Date.now() - Number(days) * DAY_MS)
  const asked = useMemo(() => (drawn.length > 0 ? drawn : defaultStores(prices)), [drawn, prices])
  const stores = useQuery(pricesQuery(String(id), { store: asked, ...(from && { from }) }))
  const histories = useQuery(chainHistoriesQuery(String(id)))
  const lines = useMemo(() => (stores.data === undefined ? [] : linesOf(stores.data)), [stores.data])
  // While other stores are being fetched, `lines` still has the previous ones.
  const own = useMemo(() => {
    const stores = new Set(drawn.map((store) => store.toLowerCase()))
    return lines.filter(({ company, storeId }) =>
      stores.has(storeParameter({ company, store_id: storeId }).toLowerCase()),
    )
  }, [lines, drawn])
  const isKnown = histories.data !== undefined && (drawn.length === 0 || stores.data !== undefined)
  const chains = useMemo(() => {
    if (!isKnown) return undefined
    const opened = new Set(own.map(({ company }) => company))
    const others = histories.data.chains.filter(({ company }) => !opened.has(company))
    return chainsWithin(others, now, from)
  }, [isKnown, histories.data, own, now, from])
  const failed = stores.error === null ? histories : stores
  return { lines, own, chains, error: failed.error, retry: failed.refetch }
}

/** The choice of the period, and a button back to one line per chain. */
function HistoryChoices(): ReactNode {
  const { days, store, chain } = useSearch({ from: '/shell/products/$id' })
  const navigate = useNavigate({ from: '/products/$id' })
  return (
    <span className={style.choices}>
      {(store ?? chain) !== undefined && (
        <Button
          size="compact-xs"
          variant="default"
          onClick={() =>
            navigate({
              search: (now) => ({ ...now, store: undefined, chain: undefined }),
              replace: true,
              resetScroll: false,
            })
          }
        >
          One line per chain
        </Button>
      )}
      <NativeSelect
        size="xs"
        aria-label="Period"
        value={days ?? ''}
        onChange={({ currentTarget }) =>
          navigate({ search: (now) => ({ ...now, days: currentTarget.value || undefined }), replace: true })
        }
        data={PERIODS}
      />
    </span>
  )
}
