/** Counts of what needs attention: shown in the navigation, in the page title and by the favicon. */
import type { Overview } from '@splitcart/data-management/http/routes/overview.ts'
import { useQuery } from '@tanstack/react-query'
import { useEffect } from 'react'
import { overviewQuery } from '../api/queries.ts'
import { setAttentionCount } from '../parts/page.tsx'
import attentionIcon from './attention.svg?no-inline'
import calmIcon from './calm.svg?no-inline'

export type Attention = Readonly<{ sources: number; held: number; failed: number; machine: number }>

const NO_ATTENTION: Attention = { sources: 0, held: 0, failed: 0, machine: 0 }

/** The current counts; also sets the page title and the favicon. */
export function useAttention(): Attention {
  const { data } = useQuery(overviewQuery)
  const attention = data === undefined ? NO_ATTENTION : countAttention(data)
  const sum = attention.sources + attention.held + attention.failed + attention.machine
  useEffect(() => {
    setAttentionCount(sum)
    showIcon(sum > 0 ? attentionIcon : calmIcon)
  }, [sum])
  return attention
}

/** Counts the entries of the overview. Rejects and partial scrapes do not count: they require no action. */
function countAttention({ attention }: Pick<Overview, 'attention'>): Attention {
  const { silent, late, held, failed, disk, loader } = attention
  return {
    sources: silent.count + late.count,
    held: held.count,
    failed: failed.count,
    machine: Number(disk.is_low) + Number(loader.state === 'not running'),
  }
}

function showIcon(address: string): void {
  const link = document.querySelector<HTMLLinkElement>('link[rel="icon"]')
  if (link !== null) link.href = address
}
