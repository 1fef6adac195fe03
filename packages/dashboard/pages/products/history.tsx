/** The price history as a table: for users who cannot see the chart or want the figures. */
import { Link } from '@tanstack/react-router'
import { type ReactNode, useMemo } from 'react'
import { type Column, DataTable } from '../../parts/data-table.tsx'
import { change, count, priceOf } from '../../parts/format.ts'
import { Panel } from '../../parts/page.tsx'
import { StoreLink } from '../../parts/store-link.tsx'
import { Day } from '../../parts/time.tsx'
import { UntrustedText } from '../../parts/untrusted-text.tsx'
import type { Line, Run } from './lines.ts'
import { Notes, notesOf } from './prices-now.tsx'

type Entry = Readonly<{ key: string; line: Line; run: Run; before: Run | undefined }>

const COLUMNS: readonly Column<Entry>[] = [
  {
    id: 'from',
    title: 'From',
    width: '7rem',
    narrow: 'shown',
    sort: ({ run }) => run.from,
    cell: ({ run }) => <Day on={run.from} />,
  },
  {
    id: 'to',
    title: 'To',
    width: '7rem',
    narrow: 'shown',
    sort: ({ run }) => run.to,
    cell: ({ line, run }) => (run.is_current && !line.isSilent ? 'now' : <Day on={run.to} />),
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
    right: true,
    narrow: 'bare',
    sort: ({ run }) => run.price_cents ?? -1,
    cell: ({ run }) => <strong>{priceOf(run)}</strong>,
  },
  {
    id: 'change',
    title: 'Change',
    width: '4.5rem',
    right: true,
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
    sort: ({ run }) => notesOf(run),
    cell: ({ run }) => <Notes terms={run} />,
  },
  {
    id: 'upload',
    title: 'Came with',
    width: '5.5rem',
    right: true,
    narrow: 'bare',
    cell: ({ line, run }) => (
      <Link to="/scrape" search={{ store: `${line.company}/${line.storeId}`, date: run.from }} preload={false}>
        its upload
      </Link>
    ),
  },
]

function changeBetween(before: Run | undefined, { price_cents: to }: Run): string {
  const from = before?.price_cents ?? null
  return from === null || to === null ? '' : change(from, to)
}

/** The table, newest first. */
export function History({ lines }: Readonly<{ lines: readonly Line[] }>): ReactNode {
  const entries = useMemo(() => entriesOf(lines), [lines])
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

function entriesOf(lines: readonly Line[]): Entry[] {
  return lines
    .flatMap((line) =>
      line.runs.map((run, index) => ({ key: `${line.key} ${run.from}`, line, run, before: line.runs[index - 1] })),
    )
    .sort((one, other) => (one.run.from < other.run.from ? 1 : -1))
}
