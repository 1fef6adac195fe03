/** The page of findings: those of the newest scrapes, one line per company, and the beliefs. */
import type {
  BeliefView,
  ChainFindingView,
  FindingsView,
} from '@splitcart/data-management/http/routes/findings-schema.ts'
import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { findingsQuery } from '../../api/queries.ts'
import { count } from '../../parts/format.ts'
import { Empty, ErrorNotice, Loading } from '../../parts/notice.tsx'
import { Page, Panel } from '../../parts/page.tsx'
import { UntrustedBlock } from '../../parts/untrusted-text.tsx'
import { BelieveButton, BelievedSince } from './believe.tsx'
import { ChainFindingLine } from './chain-finding-line.tsx'
import style from './findings.module.css'

/** The page at /findings. */
export function FindingsPage(): ReactNode {
  const { data, error, refetch } = useQuery(findingsQuery)
  return (
    <Page title="Findings" lead="What is told of the newest scrape of each store. They are loaded all the same.">
      {error && <ErrorNotice error={error} retry={refetch} />}
      {data === undefined ? error === null && <Loading /> : <FindingsAndBeliefs view={data} />}
    </Page>
  )
}

function FindingsAndBeliefs({ view: { findings, beliefs } }: Readonly<{ view: FindingsView }>): ReactNode {
  const open = findings.filter(({ stores, believed_stores }) => believed_stores < stores)
  const counting = beliefs.filter(({ undone_at }) => undone_at === null)
  return (
    <>
      {open.length === 0 ? (
        <Empty title="Nothing is found.">
          <p>A finding is a column that tells nothing or contradicts itself: a flag that is the same in every row.</p>
        </Empty>
      ) : (
        <Panel title="Found">
          <ul className={style.list} aria-label="Findings">
            {open.map((finding) => (
              <FindingItem
                key={JSON.stringify([finding.company, finding.rule, finding.field, finding.brief])}
                finding={finding}
              />
            ))}
          </ul>
        </Panel>
      )}
      {counting.length > 0 && (
        <Panel title="Believed">
          <ul className={style.list} aria-label="Beliefs">
            {counting.map((belief) => (
              <BeliefItem key={belief.id} belief={belief} />
            ))}
          </ul>
        </Panel>
      )}
    </>
  )
}

function FindingItem({ finding }: Readonly<{ finding: ChainFindingView }>): ReactNode {
  const { example, believed_stores, rule, field, company, brief, stores } = finding
  return (
    <li className={style.item}>
      <ChainFindingLine finding={finding} />
      <p className={style.about}>
        <UntrustedBlock text={example.sentence} />
        {believed_stores > 0 && ` Believed of ${count(believed_stores, 'store')}.`}
      </p>
      <BelieveButton
        finding={{ company, rule, field, sentence: `${count(stores, 'store')} of ${company}: ${brief}` }}
      />
    </li>
  )
}

function BeliefItem({ belief }: Readonly<{ belief: BeliefView }>): ReactNode {
  const { id, since, company, store, rule, field, who, reason } = belief
  const about = `${company}${store === null ? '' : `/${store}`}: ${rule}${field === null ? '' : ` of ${field}`}`
  return (
    <li className={style.item}>
      <UntrustedBlock text={about} />
      <p className={style.about}>
        <UntrustedBlock text={reason === null ? `says ${who}` : `says ${who}: ${reason}`} />
      </p>
      <BelievedSince id={id} since={since} />
    </li>
  )
}
