/** The start page: what needs attention, today's counts, the latest changes and the state of the sources. */
import type { Overview } from '@splitcart/data-management/http/routes/overview.ts'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { overviewQuery } from '../../api/queries.ts'
import { DayLegend, StoreDayBar } from '../../parts/day-bar.tsx'
import { atLeast, count, formatNumber, size } from '../../parts/format.ts'
import { Empty, ErrorNotice, Loading } from '../../parts/notice.tsx'
import { Page, Panel } from '../../parts/page.tsx'
import { StoreLink } from '../../parts/store-link.tsx'
import { Ago } from '../../parts/time.tsx'
import { UntrustedText } from '../../parts/untrusted-text.tsx'
import { LatestChanges } from '../changes/first-changes.tsx'
import { NeedsAttention } from './needs-attention.tsx'
import style from './overview.module.css'
import { Throughput } from './throughput.tsx'

/** The page at /. */
export function OverviewPage(): ReactNode {
  const { data, error, refetch } = useQuery(overviewQuery)
  return (
    <Page title="Overview" lead={data && <CatalogueTotals totals={data.totals} />}>
      {error && <ErrorNotice error={error} retry={refetch} />}
      {data === undefined ? error === null && <Loading /> : <OverviewPanels overview={data} />}
    </Page>
  )
}

function CatalogueTotals({ totals }: Pick<Overview, 'totals'>): ReactNode {
  const { products, listings, stores, companies } = totals
  if (stores === 0) return null
  const where = `${count(stores, 'store')} of ${formatNumber(companies)} ${companies === 1 ? 'company' : 'companies'}`
  return `${count(products, 'product')} and ${count(listings, 'listing')} from ${where}`
}

function OverviewPanels({ overview }: Readonly<{ overview: Overview }>): ReactNode {
  const { today, totals } = overview
  const isNew = totals.stores === 0 && today.uploads.count === 0 && overview.inbox.files === 0
  return (
    <>
      {isNew && <FirstSteps />}
      <NeedsAttention attention={overview.attention} stores={totals.stores} />
      <TodayTiles overview={overview} />
      {totals.stores > 0 && <LatestChanges />}
      <Throughput steps={overview.throughput} />
      {overview.sources.length > 0 && <SourceList overview={overview} />}
    </>
  )
}

function FirstSteps(): ReactNode {
  const address = window.location.origin
  return (
    <div className={style.first}>
      <Empty
        title="Nothing has arrived yet. On the scraping machine:"
        commands={[
          `echo 'API_SERVER_URL=${address}' >> .env`,
          `echo 'API_SECRET_KEY=splitcart_…' >> .env`,
          'npx splitcart doctor',
          'npx splitcart upload-data --wait',
        ]}
      >
        <p>
          <Link to="/machines" search={{ add: '1' }}>
            Add a machine
          </Link>{' '}
          makes its key and shows the lines for Windows, macOS and Linux. To try it with invented shops, first:{' '}
          <code>npx splitcart generate scraping/data/product_outbox</code>
        </p>
      </Empty>
    </div>
  )
}

function TodayTiles({ overview }: Readonly<{ overview: Overview }>): ReactNode {
  const { today, inbox } = overview
  const { oldest_received_at: oldest } = inbox
  return (
    <section aria-label="Today" className={style.tiles}>
      <Tile name="Uploads today" value={atLeast(today.uploads)}>
        {today.files === 0 ? 'none loaded yet' : `${count(today.files, 'file')} loaded`}
      </Tile>
      <Tile name="Rows loaded today" value={formatNumber(today.rows - today.rejected)}>
        {formatNumber(today.inserted)} new or back, {formatNumber(today.changed)} changed
      </Tile>
      <Tile name="Rejected today" value={formatNumber(today.rejects)}>
        {today.rejects === 0 ? (
          <Link to="/rejects">All rejects</Link>
        ) : (
          <Link to="/rejects" search={{ since: today.since }}>
            Look at them
          </Link>
        )}
      </Tile>
      <Tile name="Waiting in the inbox" value={formatNumber(inbox.files)}>
        {oldest === null ? (
          'nothing waits'
        ) : (
          <>
            the oldest came <Ago at={oldest} />, {size(inbox.bytes)}
          </>
        )}
      </Tile>
    </section>
  )
}

function Tile({ name, value, children }: Readonly<{ name: string; value: string; children: ReactNode }>): ReactNode {
  return (
    <div className={style.tile}>
      <h2 className={style.name}>{name}</h2>
      <p className={style.value}>{value}</p>
      <p className={style.about}>{children}</p>
    </div>
  )
}

function SourceList({ overview }: Readonly<{ overview: Overview }>): ReactNode {
  return (
    <Panel title="Sources, the last 30 days" note={<DayLegend />}>
      <ul className={style.sources}>
        {overview.sources.map(({ company, store_id, store_name, days }) => (
          <li key={JSON.stringify([company, store_id])} className={style.source}>
            <StoreLink store={{ company, store_id }} className={style.store}>
              <UntrustedText text={`${company} · ${store_name}`} />
            </StoreLink>
            <StoreDayBar store={{ company, store_id }} days={days} to={overview.days_to} />
          </li>
        ))}
      </ul>
      <p className={style.all}>
        <Link to="/sources">All sources</Link>
      </p>
    </Panel>
  )
}
