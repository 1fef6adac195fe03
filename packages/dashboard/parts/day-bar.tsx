/** The last days of a source, as a bar with one small block per day. */
import type { SourcePage } from '@splitcart/data-management/http/routes/sources.ts'
import type { ComponentProps, ReactNode } from 'react'
import { useTimeZone } from '../api/session.ts'
import style from './day-bar.module.css'
import { DAY_MS } from './durations.ts'
import { dayAndMonth, joinWords } from './format.ts'
import { StoreLink } from './store-link.tsx'

export type DayState = SourcePage['sources'][number]['days'][number]

const DAY_STATE_WORDS: readonly (readonly [DayState, string])[] = [
  ['missing', 'missing'],
  ['late', 'late'],
  ['partial', 'partial'],
  ['good', 'good'],
]

type Props = Readonly<{ days: readonly DayState[]; to: string }>

/** The bar of a store in a list; it links to the store, like the store's name beside it. */
export function StoreDayBar({ store, ...bar }: Props & Pick<ComponentProps<typeof StoreLink>, 'store'>): ReactNode {
  return (
    <StoreLink store={store} isRepeated className={style.link}>
      <DayBar {...bar} />
    </StoreLink>
  )
}

/** The bar; `to` is the date of its last block. Screen readers get the counts in words. */
export function DayBar({ days, to }: Props): ReactNode {
  const words = DAY_STATE_WORDS.flatMap(([state, word]) => {
    const count = days.filter((each) => each === state).length
    return count === 0 ? [] : [`${count} ${word}`]
  })
  return (
    <div className={style.bar} role="img" aria-label={words.length === 0 ? 'nothing was due' : joinWords(words)}>
      {days.map((state, index) => {
        const at = Date.parse(to) - (days.length - 1 - index) * DAY_MS
        const said = state === 'none' ? 'nothing was due' : state
        return <span key={at} className={style.day} data-state={state} title={`${dayAndMonth(at)}: ${said}`} />
      })}
    </div>
  )
}

/** The legend of the bars: the meaning of their colours, and the time zone of their days. */
export function DayLegend(): ReactNode {
  const zone = useTimeZone()
  return (
    <ul className={style.legend}>
      {DAY_STATE_WORDS.toReversed().map(([state, word]) => (
        <li key={state}>
          <span className={style.day} data-state={state} /> {word}
        </li>
      ))}
      <li className={style.zone}>days of {zone}</li>
    </ul>
  )
}
