/** The repair that is offered for an upload, or was applied: every changed value before and after. */
import { Button } from '@mantine/core'
import type { RepairView } from '@splitcart/data-management/http/routes/repair.ts'
import { useInfiniteQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { repairQuery } from '../../api/queries.ts'
import { ErrorNotice, Loading } from '../../parts/notice.tsx'
import { UntrustedText } from '../../parts/untrusted-text.tsx'
import style from './repair.module.css'

/** The repair of an upload; only for uploads with `hasRepair`. */
export function RepairSection({ id }: Readonly<{ id: string }>): ReactNode {
  const repair = useInfiniteQuery(repairQuery(id))
  const { data, error, refetch } = repair
  if (error !== null) return <ErrorNotice error={error} retry={refetch} />
  const [first] = data?.pages ?? []
  if (first === undefined) return <Loading what="Looking what the repair changes" />
  const changes = data?.pages.flatMap((page) => page.changes) ?? []
  return (
    <section className={style.repair} aria-label="The repair">
      <h3 className={style.title}>
        {first.accepted_by === null ? 'What would make it right: ' : 'Repaired: '}
        {first.does}
        {first.accepted_by !== null && (
          <>
            , says <UntrustedText text={first.accepted_by} />
          </>
        )}
      </h3>
      <RepairChanges changes={changes} />
      {repair.hasNextPage && (
        <Button
          size="compact-xs"
          variant="default"
          loading={repair.isFetchingNextPage}
          onClick={() => repair.fetchNextPage()}
        >
          Show more
        </Button>
      )}
    </section>
  )
}

function RepairChanges({ changes }: Readonly<{ changes: RepairView['changes'] }>): ReactNode {
  return (
    <table>
      <thead>
        <tr>
          <th scope="col">Line</th>
          <th scope="col">Product</th>
          <th scope="col">As it came</th>
          <th scope="col">Repaired</th>
        </tr>
      </thead>
      <tbody>
        {changes.map(({ line, field, name, from, to }) => (
          <tr key={`${line} ${field}`}>
            <td>{line}</td>
            <th scope="row">
              <UntrustedText text={name} />
            </th>
            <td>
              <UntrustedText text={from} />
            </td>
            <td>
              <UntrustedText text={to} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

/** Whether a repair is offered or was applied. */
export function hasRepair(findings: readonly Readonly<{ repair: object | null }>[]): boolean {
  return findings.some(({ repair }) => repair !== null)
}
