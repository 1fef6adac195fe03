/** The list of watched products. */
import { Button } from '@mantine/core'
import type { WatchView } from '@splitcart/data-management/http/routes/watches.ts'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { watchesQuery } from '../../api/notice-queries.ts'
import { sendJson } from '../../api/request.ts'
import { useIsAdmin } from '../../api/session.ts'
import { Badge } from '../../parts/badge.tsx'
import { money } from '../../parts/format.ts'
import { Empty, ErrorNotice, Loading } from '../../parts/notice.tsx'
import list from '../../parts/notice-list.module.css'
import { Panel } from '../../parts/page.tsx'
import { UntrustedBlock } from '../../parts/untrusted-text.tsx'
import style from './notices.module.css'

/** In words, when a watch sends a notice. */
export function ruleText({ rule, target_cents }: Pick<WatchView, 'rule' | 'target_cents'>): string {
  if (rule === 'target') return `at ${money(target_cents ?? 0)} or less`
  return { low: 'lower than ever', any: 'any change', stock: 'back in stock' }[rule]
}

/** The panel of all watched products. */
export function WatchedProducts(): ReactNode {
  const { data, error, refetch } = useQuery(watchesQuery)
  return (
    <Panel title="Watched products">
      {error && <ErrorNotice error={error} retry={refetch} />}
      {data === undefined ? error === null && <Loading /> : <WatchTable watches={data.watches} />}
    </Panel>
  )
}

function WatchTable({ watches }: Readonly<{ watches: readonly WatchView[] }>): ReactNode {
  const isAdmin = useIsAdmin()
  if (watches.length === 0)
    return (
      <Empty title="No product is watched.">
        <p>
          The button Watch on the page of <Link to="/products">a product</Link> tells you of its price.
        </p>
      </Empty>
    )
  return (
    <ul className={list.list} aria-label="Watched products">
      {watches.map((watch) => (
        <li key={watch.id} className={list.item}>
          <Badge tone="calm">{watch.rule}</Badge>
          <span className={list.what}>
            <WatchedProductName of={watch} />{' '}
            <span className={style.muted}>
              {ruleText(watch)}, now{' '}
              <span className={style.price}>
                {watch.lowest_cents === null ? 'without a price' : money(watch.lowest_cents)}
              </span>
            </span>
          </span>
          {isAdmin && <EndWatchButton of={watch} />}
        </li>
      ))}
    </ul>
  )
}

function WatchedProductName({ of: { product_id, name } }: Readonly<{ of: WatchView }>): ReactNode {
  if (product_id === null) return <UntrustedBlock text={name} />
  return (
    <Link to="/products/$id" params={{ id: String(product_id) }}>
      <UntrustedBlock text={name} />
    </Link>
  )
}

/** Ends a watch. */
export function EndWatchButton({ of: { id, name, rule } }: Readonly<{ of: WatchView }>): ReactNode {
  const client = useQueryClient()
  const ending = useMutation({
    mutationFn: () => sendJson('DELETE', `/api/watches/${id}`),
    onSettled: () => client.invalidateQueries({ queryKey: ['watches'] }),
  })
  return (
    <span>
      <Button
        size="compact-xs"
        variant="default"
        loading={ending.isPending}
        aria-label={`Watch ${name.slice(0, 60)} no more (${rule})`}
        onClick={() => ending.mutate()}
      >
        Stop
      </Button>
      {ending.error && <ErrorNotice error={ending.error} />}
    </span>
  )
}
