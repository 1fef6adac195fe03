/** The price history of the chains as a table: the same data as the shaded bands of the chart. */
import { type ReactNode, useMemo } from 'react'
import { COMPANY_COLUMN } from '../../parts/columns.tsx'
import { type Column, DataTable } from '../../parts/data-table.tsx'
import { count, money } from '../../parts/format.ts'
import { Panel } from '../../parts/page.tsx'
import { ScrapeDate } from '../../parts/time.tsx'
import type { ChainLine, ChainStep } from './lines.ts'

type ChainHistoryRow = Readonly<{ company: string; step: ChainStep; isNow: boolean }>

const COLUMNS: readonly Column<ChainHistoryRow>[] = [
  {
    id: 'from',
    title: 'From',
    width: '7rem',
    narrow: 'shown',
    sort: ({ step }) => step.from,
    cell: ({ step }) => <ScrapeDate on={step.from} />,
  },
  {
    id: 'to',
    title: 'To',
    width: '7rem',
    narrow: 'shown',
    sort: ({ step }) => step.to,
    cell: ({ step, isNow }) => (isNow ? 'now' : <ScrapeDate on={step.to} />),
  },
  { ...COMPANY_COLUMN, width: 'minmax(9rem, 2fr)', narrow: 'first' },
  {
    id: 'lowest',
    title: 'Lowest',
    width: '5.5rem',
    alignRight: true,
    narrow: 'shown',
    sort: ({ step }) => step.lowest_cents,
    cell: ({ step }) => <strong>{money(step.lowest_cents)}</strong>,
  },
  {
    id: 'highest',
    title: 'Highest',
    width: '5.5rem',
    alignRight: true,
    narrow: 'shown',
    sort: ({ step }) => step.highest_cents,
    cell: ({ step }) => money(step.highest_cents),
  },
]

/** The table of all steps, newest first. */
export function ChainHistory({ chains }: Readonly<{ chains: readonly ChainLine[] }>): ReactNode {
  const entries = useMemo(() => rowsOf(chains), [chains])
  return (
    <Panel title="Chains over time" note={count(entries.length, 'step')} plain>
      <DataTable
        label="Chains over time"
        columns={COLUMNS}
        rows={entries}
        idOf={({ company, step }) => `${step.from} ${company}`}
      />
    </Panel>
  )
}

function rowsOf(chains: readonly ChainLine[]): ChainHistoryRow[] {
  return chains
    .flatMap(({ company, steps, isNow }) =>
      steps.map((step, index) => ({ company, step, isNow: isNow && index === steps.length - 1 })),
    )
    .sort((one, other) => (one.step.from < other.step.from ? 1 : -1))
}
