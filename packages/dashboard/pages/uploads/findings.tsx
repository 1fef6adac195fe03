/** The findings in a file: those that hold it, all others, and fields that were left out or are unknown. */
import type { UploadView } from '@splitcart/data-management/http/routes/uploads-schema.ts'
import type { ReactNode } from 'react'
import { count, formatNumber } from '../../parts/format.ts'
import { UntrustedBlock } from '../../parts/untrusted-text.tsx'
import { BelieveButton, BelievedSince } from '../findings/believe.tsx'
import style from './findings.module.css'
import { FindingPicture, type UploadFinding } from './picture.tsx'

/** The findings, those that hold the file first; the same finding for several stores is one line. */
export function Findings({ findings }: Readonly<{ findings: readonly UploadFinding[] }>): ReactNode {
  const sorted = [...findings].sort((one, other) => Number(other.held) - Number(one.held))
  const groups = Map.groupBy(sorted, ({ rule, company, field, brief, sentence }) =>
    JSON.stringify(company == null ? [rule, sentence] : [rule, company, field, brief]),
  )
  return (
    <ul className={style.list} aria-label="What was found">
      {[...groups].map(([key, all]) => (
        <li key={key}>{all.length === 1 ? <FindingDetails finding={all[0]!} /> : <FindingGroup findings={all} />}</li>
      ))}
    </ul>
  )
}

function FindingGroup({ findings }: Readonly<{ findings: readonly UploadFinding[] }>): ReactNode {
  const [first] = findings
  const { company, brief } = first!
  return (
    <details className={style.group}>
      <summary>
        <UntrustedBlock text={`${count(findings.length, 'scrape')} of ${company}: ${brief}`} />
      </summary>
      <ul className={style.list}>
        {findings.map((finding) => (
          <li key={finding.sentence}>
            <FindingDetails finding={finding} />
          </li>
        ))}
      </ul>
    </details>
  )
}

function FindingDetails({ finding }: Readonly<{ finding: UploadFinding }>): ReactNode {
  const { sentence, examples, held, believed, company, store, rule, field } = finding
  const isBelievable = company != null && rule !== 'repaired' && believed === undefined
  return (
    <>
      <UntrustedBlock text={sentence} />
      <FindingPicture finding={finding} />
      {examples.length > 0 && (
        <ul className={style.examples}>
          {examples.map((example) => (
            <li key={example}>
              <UntrustedBlock text={example} />
            </li>
          ))}
        </ul>
      )}
      {believed !== undefined && (
        <div>
          <BelievedSince {...believed} />
        </div>
      )}
      {isBelievable && !held && (
        <div className={style.believe}>
          <BelieveButton finding={{ company, store: store ?? null, rule, field, sentence }} />
        </div>
      )}
    </>
  )
}

/** Fields that were left out of rows because they are invalid, and unknown fields. */
export function FieldRemarks({ upload }: Readonly<{ upload: UploadView }>): ReactNode {
  const { warnings = [], ignored = {} } = upload
  // Grouped by number of rows: usually every row has the same unknown fields, which makes one line.
  const unknown = Map.groupBy(Object.entries(ignored), ([, rows]) => rows)
  if (warnings.length === 0 && unknown.size === 0) return null
  return (
    <ul className={style.list} aria-label="Fields that were left out">
      {warnings.map(({ field, reason, count: rows, lines }) => (
        <li key={`${field} ${reason}`}>
          <UntrustedBlock text={`${field}: ${reason}`} />, left out of {count(rows, 'row')}, first in line{' '}
          {lines.map(formatNumber).join(', ')}
        </li>
      ))}
      {[...unknown].map(([rows, fields]) => (
        <li key={rows}>
          not known, and ignored in {count(rows, 'row')}:{' '}
          <UntrustedBlock text={fields.map(([field]) => field).join(', ')} />
        </li>
      ))}
    </ul>
  )
}
