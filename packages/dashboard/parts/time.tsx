/** Times in the viewer's time zone, with UTC as tooltip. */
import { type ReactNode, useSyncExternalStore } from 'react'
import { useTimeZone } from '../api/session.ts'
import { DAY_MS } from './durations.ts'
import { date, dateAndTime, dateInZone, timeAgo, utc } from './format.ts'

const TICK_MS = 15_000

/** A time as date and time. */
export function DateAndTime({ at }: Readonly<{ at: string }>): ReactNode {
  const ms = Date.parse(at)
  return (
    <time dateTime={at} title={utc(ms)}>
      {dateAndTime(ms)}
    </time>
  )
}

/** A time as "3 min. ago", kept up to date. */
export function Ago({ at }: Readonly<{ at: string }>): ReactNode {
  const now = useNow()
  const ms = Date.parse(at)
  return (
    <time dateTime={at} title={`${dateAndTime(ms)}\n${utc(ms)}`}>
      {timeAgo(Math.min(ms, now), now)}
    </time>
  )
}

/** The date of a scrape, which has no time zone. */
export function ScrapeDate({ on }: Readonly<{ on: string }>): ReactNode {
  return <time dateTime={on}>{date(on)}</time>
}

/** The date of a time in the server's time zone. */
export function DateOfTime({ at }: Readonly<{ at: string }>): ReactNode {
  const ms = Date.parse(at)
  const zone = useTimeZone()
  return (
    <time dateTime={at} title={utc(ms)}>
      {date(dateInZone(zone, ms))}
    </time>
  )
}

/** The date of a scrape relative to today in the server's time zone: today, yesterday, on 3 March 2026. */
export function RelativeDate({ on }: Readonly<{ on: string }>): ReactNode {
  const today = dateInZone(useTimeZone(), useNow())
  const days = Math.round((Date.parse(today) - Date.parse(on)) / DAY_MS)
  return <time dateTime={on}>{days === 0 ? 'today' : days === 1 ? 'yesterday' : `on ${date(on)}`}</time>
}

/** The current time, updated every `TICK_MS`. */
function useNow(): number {
  return useSyncExternalStore(onTick, currentTick)
}

const listeners = new Set<() => void>()
let lastTick = Date.now()
let timer: ReturnType<typeof setInterval> | undefined

function onTick(listener: () => void): () => void {
  listeners.add(listener)
  timer ??= setInterval(() => {
    lastTick = Date.now()
    for (const each of listeners) each()
  }, TICK_MS)
  return () => {
    listeners.delete(listener)
    if (listeners.size > 0) return
    clearInterval(timer)
    timer = undefined
  }
}

function currentTick(): number {
  // A page that was just opened gets the current time; between ticks, snapshots must be equal for React.
  if (Date.now() - lastTick > TICK_MS) lastTick = Date.now()
  return lastTick
}
