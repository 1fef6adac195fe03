/** What was found in the rows of a file: what holds it, what else is told of it, and fields that were left out or are not known. */
import type { UploadView } from '@splitcart/data-management/api/uploads-schema.ts'
import type { ReactNode } from 'react'
import { count, whole } from '../../parts/format.ts'
import { SaidWhole } from '../../parts/said.tsx'
import style from './findings.module.css'

type Finding = NonNullable<UploadView['findings']>[number]

/** What the rules say of it, each with its examples; those that hold it first. */
export function Findings({ findings }: Readonly<{ findings: readonly Finding[] }>): ReactNode {
  const sorted = [...findings].sort((one, other) => Number(other.held) - Number(one.held))
  return (
    <ul className={style.list} aria-label="What was found">
      {sorted.map((finding) => (
        <li key={`${finding.rule} ${finding.sentence}`}>
          <SaidWhole text={finding.sentence} />
          {finding.examples.length > 0 && (
            <ul className={style.examples}>
              {finding.examples.map((example) => (
                <li key={example}>
                  <SaidWhole text={example} />
                </li>
              ))}
            </ul>
          )}
        </li>
      ))}
    </ul>
  )
}

/** Fields that were left out of rows because they are wrong, and fields that are not known. */
export function Remarks({ upload }: Readonly<{ upload: UploadView }>): ReactNode {
  const { warnings = [], ignored = {} } = upload
  // Most often they are the same ones in every row: then that is one line.
  const unknown = Map.groupBy(Object.entries(ignored), ([, rows]) => rows)
  if (warnings.length === 0 && unknown.size === 0) return null
  return (
    <ul className={style.list} aria-label="Fields that were left out">
      {warnings.map(({ field, reason, count: rows, lines }) => (
        <li key={`${field} ${reason}`}>
          <SaidWhole text={`${field}: ${reason}`} />, left out of {count(rows, 'row')}, first in line{' '}
          {lines.map(whole).join(', ')}
        </li>
      ))}
      {[...unknown].map(([rows, fields]) => (
        <li key={rows}>
          not known, and ignored in {count(rows, 'row')}: <SaidWhole text={fields.map(([field]) => field).join(', ')} />
        </li>
      ))}
    </ul>
  )
}
