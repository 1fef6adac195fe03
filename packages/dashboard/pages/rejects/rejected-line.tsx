/** A rejected line as it was received, with the faulty field marked. */
import type { ReactNode } from 'react'
import { escapeInvisible } from '../../parts/format.ts'
import { lineRangeOf } from './line-range.ts'
import style from './rejected-line.module.css'

type Props = Readonly<{ raw: string | null; base64: string | null; field: string | null }>

const CONTEXT_CHARACTERS = 160

/** The line with a mark; a long one is cut around the mark and can be unfolded. */
export function RejectedLine({ raw, base64, field }: Props): ReactNode {
  if (raw === null)
    return (
      <p className={style.none}>
        {base64 === null ? 'Only its place was kept.' : `Not UTF-8; in base64: ${base64.slice(0, 200)}`}
      </p>
    )
  const place = lineRangeOf(raw, field)
  const from = Math.max(0, (place?.from ?? 0) - CONTEXT_CHARACTERS)
  const to = Math.min(raw.length, (place?.to ?? 0) + CONTEXT_CHARACTERS)
  if (from === 0 && to === raw.length) return <LinePart raw={raw} place={place} from={from} to={to} />
  return (
    <details className={style.fold}>
      <summary>
        <LinePart raw={raw} place={place} from={from} to={to} />
      </summary>
      <LinePart raw={raw} place={place} from={0} to={raw.length} />
    </details>
  )
}

type PartProps = Readonly<{ raw: string; place: { from: number; to: number } | undefined; from: number; to: number }>

function LinePart({ raw, place, from, to }: PartProps): ReactNode {
  return (
    <code className={style.line}>
      <bdi>
        {from > 0 && '…'}
        {escapeInvisible(raw.slice(from, place?.from ?? to))}
        {place && <mark className={style.mark}>{escapeInvisible(raw.slice(place.from, place.to))}</mark>}
        {place && escapeInvisible(raw.slice(place.to, to))}
        {to < raw.length && '…'}
      </bdi>
    </code>
  )
}
