/** The first changes of a day or an upload, with a link to all of them. */
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { firstChangesQuery } from '../../api/queries.ts'
import cells from '../../parts/cells.module.css'
import { formatNumber, money } from '../../parts/format.ts'
import { Panel } from '../../parts/page.tsx'
import { ProductLink } from '../../parts/page-links.tsx'
import { ScrapeDate } from '../../parts/time.tsx'
import { UntrustedText } from '../../parts/untrusted-text.tsx'
import style from './changes.module.css'
import { type Change, ChangeAmount, ChangesTable } from './changes-table.tsx'
import { KIND_LABELS } from './kinds.ts'

const FIRST_CHANGES = 5

/** For the overview: the number of changes of each kind on the latest day, and the largest price cuts and rises. */
export function LatestChanges(): ReactNode {
  const cheaper = useQuery(firstChangesQuery({ kind: 'cheaper' }, FIRST_CHANGES))
  const dearer = useQuery(firstChangesQuery({ kind: 'dearer' }, FIRST_CHANGES))
  if (cheaper.data === undefined || dearer.data === undefined || cheaper.data.from === null) return null
  const { counts, from } = cheaper.data
  return (
    <Panel
      title="What changed"
      note={
        <>
          <ScrapeDate on={from} />: <Link to="/changes">all changes</Link>
        </>
      }
    >
      <p className={style.sums}>
        {counts.map(({ kind, lines }) => (
          <Link key={kind} to="/changes" search={{ kind }} className={style.sum} data-kind={kind}>
            <strong>{formatNumber(lines)}</strong> {KIND_LABELS[kind]}
          </Link>
        ))}
      </p>
      <div className={style.both}>
        <ChangeList title="Fell most" changes={cheaper.data.changes} />
        <ChangeList title="Rose most" changes={dearer.data.changes} />
      </div>
    </Panel>
  )
}

function ChangeList({ title, changes }: Readonly<{ title: string; changes: readonly Change[] }>): ReactNode {
  if (changes.length === 0) return null
  return (
    <section aria-label={title}>
      <h3 className={style.fewTitle}>{title}</h3>
      <ul className={style.few}>
        {changes.map((change) => (
          <li key={JSON.stringify([change.company, change.sku ?? change.key, change.from_cents, change.to_cents])}>
            <ProductLink id={change.product_id} name={change.name} className={cells.name} />
            <span className={style.fewFacts}>
              <UntrustedText text={change.company} className={cells.muted} />
              {change.to_cents !== null && <strong>{money(change.to_cents)}</strong>} <ChangeAmount change={change} />
            </span>
          </li>
        ))}
      </ul>
    </section>
  )
}

const UPLOAD_CHANGES = 20

/** For the page of an upload: what its scrapes changed. */
export function ChangesOfUpload({ id }: Readonly<{ id: string }>): ReactNode {
  const { data } = useQuery(firstChangesQuery({ upload: id }, UPLOAD_CHANGES))
  if (data === undefined || data.changes.length === 0) return null
  const said = data.counts.filter(({ lines }) => lines > 0)
  return (
    <Panel
      title="What it changed"
      plain
      note={
        <>
          {said.map(({ kind, lines }) => `${formatNumber(lines)} ${KIND_LABELS[kind]}`).join(', ')}
          {data.next !== null && (
            <>
              {' · '}
              <Link to="/changes" search={{ upload: id }}>
                all of them
              </Link>
            </>
          )}
        </>
      }
    >
      <ChangesTable label="What it changed" changes={data.changes} />
    </Panel>
  )
}
