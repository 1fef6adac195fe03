/** The number of rows loaded in each hour of the last day. */
import { VisuallyHidden } from '@mantine/core'
import type { Overview } from '@splitcart/data-management/http/routes/overview.ts'
import type { ReactNode } from 'react'
import { count, formatNumber, timeOfDay } from '../../parts/format.ts'
import { Panel } from '../../parts/page.tsx'
import style from './throughput.module.css'

/** A bar chart. Screen readers get a table, in a hidden element, since a table itself ignores a height. */
export function Throughput({ steps }: Readonly<{ steps: Overview['throughput'] }>): ReactNode {
  const most = Math.max(0, ...steps.map((step) => step.rows))
  const rows = steps.reduce((sum, step) => sum + step.rows, 0)
  const files = steps.reduce((sum, step) => sum + step.files, 0)
  return (
    <Panel
      title="The last 24 hours"
      note={`${count(rows, 'row')} in ${count(files, 'file')}; at most ${formatNumber(most)} in an hour`}
    >
      <div className={style.bars} aria-hidden="true">
        {steps.map((step) => (
          <div
            key={step.from}
            className={style.bar}
            title={`${timeOfDay(Date.parse(step.from))}: ${count(step.rows, 'row')} in ${count(step.files, 'file')}`}
          >
            <div
              className={style.fill}
              style={{ height: `${(step.rows / Math.max(1, most)) * 100}%` }}
              data-some={step.rows > 0}
            />
          </div>
        ))}
      </div>
      <div className={style.hours} aria-hidden="true">
        {steps
          .filter((_, index) => index % 6 === 0)
          .map(({ from }) => (
            <span key={from}>{timeOfDay(Date.parse(from))}</span>
          ))}
        <span>now</span>
      </div>
      <VisuallyHidden component="div">
        <table>
          <caption>Rows loaded by hour</caption>
          <tbody>
            {steps.map(({ from, rows: loaded, files: of }) => (
              <tr key={from}>
                <th scope="row">{timeOfDay(Date.parse(from))}</th>
                <td>
                  {count(loaded, 'row')} in {count(of, 'file')}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </VisuallyHidden>
    </Panel>
  )
}
