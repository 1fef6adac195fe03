/** A rejected line as it was received, with the faulty field marked. */
import type { ReactNode } from 'react'
import { visible } from '../../parts/format.ts'
import { lineRangeOf } from './line-range.ts'
import style from './rejected-line.module.css'

type Props = Readonly<{ raw: string | null; base64: string | null; field: string | null }>

const AROUND_CHARACTERS = 160

/** The line. Of a long one, the part around the mark is shown first, and all of it can be unfolded. */
export function RejectedLine({ raw, base64, field }: Props): ReactNode {
  if (raw === null)
    return (
      <p className={style.none}>
        {base64 === null ? 'Only its place was kept.' : `Not UTF-8; in base64: ${base64.slice(0, 200)}`}
      </p>
    )
  const place = lineRangeOf(raw, field)
  const from = Math.max(0, (place?.from ?? 0) - AROUND_CHARACTERS)
  const to = Math.min(raw.length, (place?.to ?? 0) + AROUND_CHARACTERS)
  if (from === 0 && to === raw.length) return <Line raw={raw} place={place} from={from} to={to} />
  return (
    <details className={style.fold}>
      <summary>
        <Line raw={raw} place={place} from={from} to={to} />
      </summary>
      <Line raw={raw} place={place} from={0} to={raw.length} />
    </details>
  )
}

type LineProps = Readonly<{ raw: string; place: { from: number; to: number } | undefined; from: number; to: number }>

function Line({ raw, place, from, to }: LineProps): ReactNode {
  return (
    <code className={style.line}>
      <bdi>
        {from > 0 && '…'}
        {visible(raw.slice(from, place?.from ?? to))}
        {place && <mark className={style.mark}>{visible(raw.slice(place.from, place.to))}</mark>}
        {place && visible(raw.slice(place.to, to))}
        {to < raw.length && '…'}
      </bdi>
    </code>
  )
}
