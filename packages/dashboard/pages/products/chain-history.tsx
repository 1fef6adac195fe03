/** The price history of the chains as a table: the same data as the shaded bands of the chart. */
import { type ReactNode, useMemo } from 'react'
import { type Column, DataTable } from '../../parts/data-table.tsx'
import { count, money } from '../../parts/format.ts'
import { Panel } from '../../parts/page.tsx'
import { Day } from '../../parts/time.tsx'
import { UntrustedText } from '../../parts/untrusted-text.tsx'
import type { Chain, Step } from './lines.ts'

type Entry = Readonly<{ company: string; step: Step; isNow: boolean }>

const COLUMNS: readonly Column<Entry>[] = [
  {
    id: 'from',
    title: 'From',
    width: '7rem',
    narrow: 'shown',
    sort: ({ step }) => step.from,
    cell: ({ step }) => <Day on={step.from} />,
  },
  {
    id: 'to',
    title: 'To',
    width: '7rem',
    narrow: 'shown',
    sort: ({ step }) => step.to,
    cell: ({ step, isNow }) => (isNow ? 'now' : <Day on={step.to} />),
  },
  {
    id: 'company',
    title: 'Company',
    width: 'minmax(9rem, 2fr)',
    narrow: 'first',
    sort: ({ company }) => company,
    cell: ({ company }) => <UntrustedText text={company} />,
  },
  {
    id: 'lowest',
    title: 'Lowest',
    width: '5.5rem',
    right: true,
    narrow: 'shown',
    sort: ({ step }) => step.lowest_cents,
    cell: ({ step }) => <strong>{money(step.lowest_cents)}</strong>,
  },
  {
    id: 'highest',
    title: 'Highest',
    width: '5.5rem',
    right: true,
    narrow: 'shown',
    sort: ({ step }) => step.highest_cents,
    cell: ({ step }) => money(step.highest_cents),
  },
]

/** The table, newest first. */
export function ChainHistory({ chains }: Readonly<{ chains: readonly Chain[] }>): ReactNode {
  const entries = useMemo(() => entriesOf(chains), [chains])
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

function entriesOf(chains: readonly Chain[]): Entry[] {
  return chains
    .flatMap(({ company, steps, isNow }) =>
      steps.map((step, index) => ({ company, step, isNow: isNow && index === steps.length - 1 })),
    )
    .sort((one, other) => (one.step.from < other.step.from ? 1 : -1))
}
