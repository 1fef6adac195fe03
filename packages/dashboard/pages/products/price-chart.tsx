/** The price chart and its legend, which shows the price of each line on the day under the pointer. */
import { Button, useComputedColorScheme } from '@mantine/core'
import { useNavigate } from '@tanstack/react-router'
import { type ReactNode, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react'
import { count, date, moneyRange, priceOrNone } from '../../parts/format.ts'
import { UntrustedText } from '../../parts/untrusted-text.tsx'
import { drawChart } from './chart.ts'
import { colourName, markPath, PALETTE } from './colours.ts'
import {
  type ChainLine,
  type ChartContent,
  chartContentOf,
  dateAt,
  type PriceSeries,
  runAt,
  type StoreLine,
  type StoreSeries,
  stepAt,
} from './lines.ts'
import style from './price-chart.module.css'

type Props = Readonly<{ lines: readonly StoreLine[]; chains?: readonly ChainLine[]; open?: (company: string) => void }>

const NO_CHAINS: readonly ChainLine[] = []
const DO_NOTHING = () => {}

/** The chart; `open` shows the stores of a chain. The tables below it on the page have the same data. */
export function PriceChart({ lines, chains = NO_CHAINS, open = DO_NOTHING }: Props): ReactNode {
  const [pointed, point] = useState<number | null>(null)
  const days = useMemo(() => chartContentOf(lines, chains), [lines, chains])
  const place = useChart(days, point, open)
  return (
    <figure className={`${style.figure} ${PALETTE}`}>
      <div ref={place} className={style.place} aria-hidden="true" />
      <figcaption className={style.caption}>
        <Legend allSeries={days.series} pointed={pointed} open={open} />
        <p className={style.marks}>
          {chains.length > 0 &&
            'A line with a shade: from the cheapest to the dearest store of a chain; click it to see its stores. '}
          {lines.length > 0 &&
            'A broad band: on special. Dots: scrapes that did not show it. Stores that never differed share a line; click it to see the upload it came from. '}
          Dashes in turn: lines at the same price. Drag to look closer, double-click to see all again.
        </p>
      </figcaption>
    </figure>
  )
}

function useChart(days: ChartContent, point: (seconds: number | null) => void, open: (company: string) => void) {
  const place = useRef<HTMLDivElement>(null)
  const scheme = useComputedColorScheme()
  const navigate = useNavigate()
  const go = useRef({ navigate, open })
  useEffect(() => {
    go.current = { navigate, open }
  }, [navigate, open])
  // biome-ignore lint/correctness/useExhaustiveDependencies: another scheme has other colours
  useLayoutEffect(() => {
    const element = place.current!
    const choose = (series: PriceSeries, seconds: number) => {
      if (series.chain !== undefined) return go.current.open(series.chain.company)
      const line = series.lines[0]!
      const run = runAt(line, seconds)
      const store = `${line.company}/${line.storeId}`
      if (run !== undefined) go.current.navigate({ to: '/scrape', search: { store, date: run.from } })
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

type LegendProps = Readonly<{
  allSeries: readonly PriceSeries[]
  pointed: number | null
  open: (company: string) => void
}>

function Legend({ allSeries, pointed, open }: LegendProps): ReactNode {
  return (
    <ul className={style.legend}>
      {allSeries.map((series, index) => (
        <li key={series.chain === undefined ? series.lines[0]!.key : series.chain.company} className={style.line}>
          <svg className={style.pen} viewBox="0 -7 24 14" aria-hidden="true">
            <line x1="0" y1="0" x2="24" y2="0" stroke={colourName(index)} strokeWidth="3" />
            {series.chain && <path d={markPath(index)} transform="translate(12)" fill={colourName(index)} />}
          </svg>
          {series.chain ? (
            <ChainLegend chain={series.chain} pointed={pointed} open={open} />
          ) : (
            <StoresLegend lines={series.lines} pointed={pointed} />
          )}
        </li>
      ))}
      {pointed !== null && <li className={style.on}>on {date(dateAt(pointed))}</li>}
    </ul>
  )
}

type PointedDay = Pick<LegendProps, 'pointed'>

function StoresLegend({ lines, pointed }: Pick<StoreSeries, 'lines'> & PointedDay): ReactNode {
  const line = lines[0]!
  const run = pointed === null ? line.runs.at(-1) : runAt(line, pointed)
  return (
    <>
      <UntrustedText text={[line.company, storesIn(lines), line.listing].filter((name) => name !== null).join(' · ')} />
      <span className={style.price}>{run === undefined ? '–' : priceOrNone(run)}</span>
      {pointed === null && run !== undefined && (line.isSilent || !run.is_current) && (
        <span className={style.until}>until {date(run.to)}</span>
      )}
    </>
  )
}

function ChainLegend({
  chain,
  pointed,
  open,
}: Readonly<{ chain: ChainLine }> & Omit<LegendProps, 'allSeries'>): ReactNode {
  const step = pointed === null ? chain.steps.at(-1) : stepAt(chain, pointed)
  return (
    <>
      <UntrustedText text={chain.company} />
      <span className={style.price}>
        {step === undefined ? '–' : moneyRange(step.lowest_cents, step.highest_cents)}
      </span>
      {pointed === null && step !== undefined && !chain.isNow && (
        <span className={style.until}>until {date(step.to)}</span>
      )}
      <Button
        size="compact-xs"
        variant="default"
        aria-label={`Show its stores in the chart: ${chain.company}`.slice(0, 120)}
        onClick={() => open(chain.company)}
      >
        its stores
      </Button>
    </>
  )
}

/** The name of the store, or the number of stores and their names. */
function storesIn(lines: readonly StoreLine[]): string {
  const names = lines.map(({ storeName }) => storeName)
  return names.length === 1 ? names[0]! : `${count(names.length, 'store')}: ${names.join(', ')}`
}
