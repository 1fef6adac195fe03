/** The counts of a load, which add up: rows = new + changed + unchanged + duplicate + rejected + not loaded. */
import type { LoadResult } from '@splitcart/shared/receipt.ts'
import type { ReactNode } from 'react'
import { formatNumber } from '../../parts/format.ts'
import style from './counts.module.css'

const COUNT_KINDS = [
  ['inserted', 'new'],
  ['changed', 'changed'],
  ['unchanged', 'unchanged'],
  ['duplicate', 'duplicate'],
  ['rejected', 'rejected'],
] as const

type CountPart = Readonly<{ kind: string; name: string; rows: number }>

/** The parts of the sum. Valid rows of a held, failed or undone file count as "not loaded". */
function countParts(load: LoadResult): CountPart[] {
  const parts = COUNT_KINDS.map(([kind, name]) => ({ kind, name, rows: load[kind] }))
  const rest = load.rows - parts.reduce((sum, { rows }) => sum + rows, 0)
  return rest > 0 ? [...parts, { kind: 'rest', name: 'not loaded', rows: rest }] : parts
}

/** The counts as a bar and as a sum. */
export function LoadCounts({ load }: Readonly<{ load: LoadResult }>): ReactNode {
  const isApplied = load.problem === null
  const parts = countParts(load)
  return (
    <>
      <div className={style.bar} aria-hidden="true">
        {parts
          .filter(({ rows }) => rows > 0)
          .map(({ kind, rows }) => (
            <span key={kind} className={style.part} data-kind={kind} style={{ flexGrow: rows }} />
          ))}
      </div>
      <table className={style.sum}>
        <tbody>
          {parts.map(({ kind, name, rows }) => (
            <tr key={kind}>
              <th scope="row">
                <span className={style.key} data-kind={kind} />
                {name}
              </th>
              <td>{formatNumber(rows)}</td>
            </tr>
          ))}
        </tbody>
        <tfoot>
          <tr>
            <th scope="row">rows</th>
            <td>{formatNumber(load.rows)}</td>
          </tr>
        </tfoot>
      </table>
      <p className={style.note}>
        {!isApplied && 'Nothing of it is in the catalogue. '}
        {load.warnings > 0 && `${formatNumber(load.warnings)} wrong fields were left out; their rows count.`}
      </p>
    </>
  )
}
