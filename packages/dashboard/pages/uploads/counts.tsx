/** The counts of a load, which add up: rows = new + changed + unchanged + duplicate + rejected. */
import type { LoadResult } from '@splitcart/shared/receipt.ts'
import type { ReactNode } from 'react'
import { whole } from '../../parts/format.ts'
import style from './counts.module.css'

const KINDS = [
  ['inserted', 'new'],
  ['changed', 'changed'],
  ['unchanged', 'unchanged'],
  ['duplicate', 'duplicate'],
  ['rejected', 'rejected'],
] as const

/** The counts as a bar and as a sum. */
export function Counts({ load }: Readonly<{ load: LoadResult }>): ReactNode {
  const isApplied = load.problem === null
  return (
    <>
      <div className={style.bar} aria-hidden="true">
        {KINDS.map(([kind]) => (
          <span key={kind} className={style.part} data-kind={kind} style={{ flexGrow: load[kind] }} />
        ))}
      </div>
      <table className={style.sum}>
        <tbody>
          {KINDS.map(([kind, name]) => (
            <tr key={kind}>
              <th scope="row">
                <span className={style.key} data-kind={kind} />
                {name}
              </th>
              <td>{whole(load[kind])}</td>
            </tr>
          ))}
        </tbody>
        <tfoot>
          <tr>
            <th scope="row">rows</th>
            <td>{whole(load.rows)}</td>
          </tr>
        </tfoot>
      </table>
      <p className={style.note}>
        {!isApplied && 'Nothing of it is in the catalogue. '}
        {load.warnings > 0 && `${whole(load.warnings)} wrong fields were left out; their rows count.`}
      </p>
    </>
  )
}
