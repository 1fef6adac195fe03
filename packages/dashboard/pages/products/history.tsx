/** The price history as a table: for users who cannot see the chart or want the figures. */
import { Link } from '@tanstack/react-router'
import { type ReactNode, useMemo } from 'react'
import { type Column, DataTable } from '../../parts/data-table.tsx'
import { changePercent, count, priceOrNone } from '../../parts/format.ts'
import { Panel } from '../../parts/page.tsx'
import { StoreLink } from '../../parts/store-link.tsx'
import { ScrapeDate } from '../../parts/time.tsx'
import { UntrustedText } from '../../parts/untrusted-text.tsx'
import type { PriceRun, StoreLine } from './lines.ts'
import { PriceNotes, priceFlagsText } from './prices-now.tsx'

type PriceHistoryRow = Readonly<{ key: string; line: StoreLine; run: PriceRun; before: PriceRun | undefined }>

const COLUMNS: readonly Column<PriceHistoryRow>[] = [
  {
    id: 'from',
    title: 'From',
    width: '7rem',
    narrow: 'shown',
    sort: ({ run }) => run.from,
    cell: ({ run }) => <ScrapeDate on={run.from} />,
  },
  {
    id: 'to',
    title: 'To',
    width: '7rem',
    narrow: 'shown',
    sort: ({ run }) => run.to,
    cell: ({ line, run }) => (run.is_current && !line.isSilent ? 'now' : <ScrapeDate on={run.to} />),
  },
  {
    id: 'store',
    title: 'Store',
    width: 'minmax(9rem, 2fr)',
    narrow: 'first',
    sort: ({ line }) => `${line.company} ${line.storeName}`,
    cell: ({ line }) => (
      <StoreLink store={{ company: line.company, store_id: line.storeId }}>
        <UntrustedText
          text={[line.company, line.storeName, line.listing].filter((name) => name !== null).join(' · ')}
        />
      </StoreLink>
    ),
  },
  {
    id: 'price',
    title: 'Price',
    width: '5.5rem',
    alignRight: true,
    narrow: 'bare',
    sort: ({ run }) => run.price_cents ?? -1,
    cell: ({ run }) => <strong>{priceOrNone(run)}</strong>,
  },
  {
    id: 'change',
    title: 'Change',
    width: '4.5rem',
    alignRight: true,
    narrow: 'bare',
    sort: ({ run, before }) =>
      (run.price_cents ?? Number.POSITIVE_INFINITY) / (before?.price_cents ?? Number.POSITIVE_INFINITY),
    cell: ({ run, before }) => changeBetween(before, run),
  },
  {
    id: 'notes',
    title: 'Notes',
    width: '8.5rem',
    narrow: 'bare',
    sort: ({ run }) => priceFlagsText(run),
    cell: ({ run }) => <PriceNotes terms={run} />,
  },
  {
    id: 'upload',
    title: 'Came with',
    width: '5.5rem',
    alignRight: true,
    narrow: 'bare',
    cell: ({ line, run }) => (
      <Link to="/scrape" search={{ store: `${line.company}/${line.storeId}`, date: run.from }} preload={false}>
        its upload
      </Link>
    ),
  },
]

function changeBetween(before: PriceRun | undefined, { price_cents: to }: PriceRun): string {
  const from = before?.price_cents ?? null
  return from === null || to === null ? '' : changePercent(from, to)
}

/** The table of all price runs, newest first. */
export function PriceHistoryTable({ lines }: Readonly<{ lines: readonly StoreLine[] }>): ReactNode {
  const entries = useMemo(() => rowsOf(lines), [lines])
  const gaps = lines.reduce((sum, line) => sum + line.gaps.length, 0)
  return (
    <Panel
      title="Price history"
      note={`${count(entries.length, 'price')}${gaps > 0 ? `; in ${count(gaps, 'gap')} scrapes did not show it` : ''}`}
      plain
    >
      <DataTable label="Price history" columns={COLUMNS} rows={entries} idOf={({ key }) => key} />
    </Panel>
  )
}

function rowsOf(lines: readonly StoreLine[]): PriceHistoryRow[] {
  return lines
    .flatMap((line) =>
      line.runs.map((run, index) => ({ key: `${line.key} ${run.from}`, line, run, before: line.runs[index - 1] })),
    )
    .sort((one, other) => (one.run.from < other.run.from ? 1 : -1))
}
