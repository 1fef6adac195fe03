/** A small chart of a finding's figures, with the same in words for screen readers. */
import type { UploadView } from '@splitcart/data-management/http/routes/uploads-schema.ts'
import type { FindingChart } from '@splitcart/shared/truth/finding.ts'
import type { ReactNode } from 'react'
import { formatNumber, joinWords, percent } from '../../parts/format.ts'
import { UntrustedText } from '../../parts/untrusted-text.tsx'
import style from './picture.module.css'

/** A finding in the answer of the API. */
export type UploadFinding = NonNullable<UploadView['findings']>[number]

/** The chart: a histogram of price ratios, rows per category before and now, or else a share before and now. */
export function FindingPicture({ finding }: Readonly<{ finding: UploadFinding }>): ReactNode {
  const { before, now, rule } = finding
  const picture = finding.picture as unknown as FindingChart | null
  if (picture?.kind === 'ratios') return <PriceRatioHistogram bars={picture.bars} />
  if (picture?.kind === 'counts') return <CategoryCounts rows={picture.rows} />
  // For other rules, `before` and `now` are not shares of the same total.
  if (before === null || now === null || before > 1 || now > 1 || rule === 'new_identity') return null
  return <ShareBars before={before} now={now} />
}

const BAR_WIDTH = 9
const HEIGHT = 48
const NAMED_BARS: readonly (readonly [number, string])[] = [
  [0, '÷ 1000'],
  [4, '÷ 100'],
  [8, '÷ 10'],
  [12, 'the same'],
  [16, '× 10'],
  [20, '× 100'],
  [24, '× 1000'],
]

function PriceRatioHistogram({ bars }: Readonly<{ bars: readonly number[] }>): ReactNode {
  const most = Math.max(1, ...bars)
  const width = bars.length * BAR_WIDTH
  return (
    <figure className={style.figure}>
      <figcaption>Prices now, as a multiple of those before</figcaption>
      <svg
        className={style.ratios}
        viewBox={`-14 0 ${width + 28} ${HEIGHT + 16}`}
        role="img"
        aria-label={histogramInWords(bars)}
      >
        <line className={style.axis} x1={0} x2={width} y1={HEIGHT} y2={HEIGHT} />
        {bars.map((number, place) => {
          const height = number === 0 ? 0 : Math.max(2, (number / most) * (HEIGHT - 2))
          const x = place * BAR_WIDTH + 1
          const isSame = place === (bars.length - 1) / 2
          // biome-ignore lint/suspicious/noArrayIndexKey: a bar is its place
          return <rect key={place} data-same={isSame} x={x} y={HEIGHT - height} width={BAR_WIDTH - 2} height={height} />
        })}
        {NAMED_BARS.map(([place, name]) => (
          <text key={name} x={(place + 0.5) * BAR_WIDTH} y={HEIGHT + 12}>
            {name}
          </text>
        ))}
      </svg>
    </figure>
  )
}

const WORDS_MAX = 3

/** The tallest bars of the histogram in words. */
function histogramInWords(bars: readonly number[]): string {
  const middle = (bars.length - 1) / 2
  const all = bars.reduce((sum, number) => sum + number, 0)
  const tallest = bars
    .map((number, place) => ({ number, place }))
    .filter(({ number }) => number > 0)
    .sort((one, other) => other.number - one.number)
    .slice(0, WORDS_MAX)
  const named = tallest.map(({ number, place }) => `${percent(number / all)} ${factorInWords(place, middle)}`)
  return named.length === 0
    ? 'No price can be compared.'
    : `Of ${formatNumber(all)} prices that can be compared, ${joinWords(named)}.`
}

function factorInWords(place: number, middle: number): string {
  if (place === middle) return 'are about the same'
  const factor = Number((1000 ** (Math.abs(place - middle) / middle)).toPrecision(2))
  return place > middle ? `are about ${factor} times as high` : `are about 1/${factor} of it`
}

const CATEGORIES_MAX = 8

function CategoryCounts({ rows }: Readonly<{ rows: Extract<FindingChart, { kind: 'counts' }>['rows'] }>): ReactNode {
  const most = Math.max(1, ...rows.flatMap(([, then, now]) => [then, now]))
  const lost = [...rows].sort((one, other) => other[1] - other[2] - (one[1] - one[2])).slice(0, CATEGORIES_MAX)
  return (
    <figure className={style.figure}>
      <figcaption>Rows by category, then and now</figcaption>
      <table className={style.counts}>
        <thead className={style.hidden}>
          <tr>
            <th scope="col">Category</th>
            <th scope="col">Then and now</th>
          </tr>
        </thead>
        <tbody>
          {lost.map(([name, then, now]) => (
            <tr key={name}>
              <th scope="row">
                <UntrustedText text={name} />
              </th>
              <td>
                <TwoBars then={then / most} now={now / most} />
              </td>
              <td className={style.numbers}>
                {formatNumber(then)} → {formatNumber(now)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {rows.length > lost.length && <p className={style.more}>and {formatNumber(rows.length - lost.length)} more</p>}
    </figure>
  )
}

function ShareBars({ before, now }: Readonly<{ before: number; now: number }>): ReactNode {
  return (
    <p className={style.shares}>
      <TwoBars then={before} now={now} /> then {percent(before)}, now {percent(now)}
    </p>
  )
}

/** Two bars, decorative: the numbers are beside them. */
function TwoBars({ then, now }: Readonly<{ then: number; now: number }>): ReactNode {
  const wide = (share: number) => (share === 0 ? 0 : Math.max(1, share * 120))
  return (
    <svg className={style.bars} viewBox="0 0 120 14" aria-hidden="true" focusable="false">
      <rect data-then width={wide(then)} height={6} />
      <rect y={8} width={wide(now)} height={6} />
    </svg>
  )
}
