/** The rows of a table as they are here, to be taken along as a file. */
import type { ReactNode } from 'react'
import { csvOf } from './csv.ts'
import { Icon } from './icon.tsx'
import style from './take-along.module.css'

type Props = Readonly<{ label: string; rows: readonly { original: unknown }[]; isAll: boolean }>

const TYPES = { csv: 'text/csv', json: 'application/json' } as const

/** What stands below a table. */
export function TakeAlong({ label, rows, isAll }: Props): ReactNode {
  if (rows.length === 0) return null
  const take = (kind: keyof typeof TYPES) => {
    const seen = rows.map(({ original }) => original)
    const text = kind === 'csv' ? csvOf(seen) : `${JSON.stringify(seen, null, 1)}\n`
    save(new Blob([text], { type: TYPES[kind] }), `${label.toLowerCase().replace(/\P{L}+/gu, '-')}.${kind}`)
  }
  return (
    <p className={style.take}>
      <Icon name="download" size={14} />
      {isAll ? 'These rows' : 'The rows loaded so far'} as
      {(['csv', 'json'] as const).map((kind) => (
        <button key={kind} type="button" className={style.kind} onClick={() => take(kind)}>
          {kind.toUpperCase()}
        </button>
      ))}
    </p>
  )
}

function save(blob: Blob, name: string): void {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(blob)
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000)
}
