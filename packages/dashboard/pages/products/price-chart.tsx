/** The chart of prices and the list of its lines, which shows what each of them was on the day that is pointed at. */
import { useComputedColorScheme } from '@mantine/core'
import { useNavigate } from '@tanstack/react-router'
import { type ReactNode, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react'
import { count, date, priceOf } from '../../parts/format.ts'
import { Said } from '../../parts/said.tsx'
import { drawChart } from './chart.ts'
import { colourName, PALETTE } from './colours.ts'
import { type Course, type Days, dateAt, daysOf, type Line, runAt } from './lines.ts'
import style from './price-chart.module.css'

/** The chart. The same is said by the table that the page has below it. */
export function PriceChart({ lines }: Readonly<{ lines: readonly Line[] }>): ReactNode {
  const [pointed, point] = useState<number | null>(null)
  const days = useMemo(() => daysOf(lines), [lines])
  const place = useChart(days, point)
  return (
    <figure className={`${style.figure} ${PALETTE}`}>
      <div ref={place} className={style.place} aria-hidden="true" />
      <figcaption className={style.caption}>
        <Legend courses={days.courses} pointed={pointed} />
        <p className={style.marks}>
          A broad band: on special. Dots: scrapes that did not show it. Dashes in turn: lines at the same price; stores
          that never differed share a line. Click a line to see the upload it came from; drag to look closer,
          double-click to see all again.
        </p>
      </figcaption>
    </figure>
  )
}

function useChart(days: Days, point: (seconds: number | null) => void) {
  const place = useRef<HTMLDivElement>(null)
  const scheme = useComputedColorScheme()
  const navigate = useNavigate()
  const go = useRef(navigate)
  useEffect(() => {
    go.current = navigate
  }, [navigate])
  // biome-ignore lint/correctness/useExhaustiveDependencies: another scheme has other colours
  useLayoutEffect(() => {
    const element = place.current!
    const choose = (line: Line, seconds: number) => {
      const run = runAt(line, seconds)
      const store = `${line.company}/${line.storeId}`
      if (run !== undefined) go.current({ to: '/scrape', search: { store, date: run.from } })
    }
    const chart = drawChart(element, days, { point, choose })
    const watcher = new ResizeObserver(() => chart.setSize({ width: element.clientWidth, height: chart.height }))
    watcher.observe(element)
    return () => {
      watcher.disconnect()
      chart.destroy()
    }
  }, [days, scheme, point])
  return place
}

type LegendProps = Readonly<{ courses: readonly Course[]; pointed: number | null }>

function Legend({ courses, pointed }: LegendProps): ReactNode {
  return (
    <ul className={style.legend}>
      {courses.map(({ lines }, index) => {
        const line = lines[0]!
        const run = pointed === null ? line.runs.at(-1) : runAt(line, pointed)
        return (
          <li key={line.key} className={style.line}>
            <svg className={style.pen} viewBox="0 0 24 4" aria-hidden="true">
              <line x1="0" y1="2" x2="24" y2="2" stroke={colourName(index)} strokeWidth="3" />
            </svg>
            <Said text={[line.company, storesIn(lines), line.listing].filter((name) => name !== null).join(' · ')} />
            <span className={style.price}>{run === undefined ? '–' : priceOf(run)}</span>
            {pointed === null && run !== undefined && (line.isSilent || !run.is_current) && (
              <span className={style.until}>until {date(run.to)}</span>
            )}
          </li>
        )
      })}
      {pointed !== null && <li className={style.on}>on {date(dateAt(pointed))}</li>}
    </ul>
  )
}

/** The store, or how many they are and which. */
function storesIn(lines: readonly Line[]): string {
  const names = lines.map(({ storeName }) => storeName)
  return names.length === 1 ? names[0]! : `${count(names.length, 'store')}: ${names.join(', ')}`
}
