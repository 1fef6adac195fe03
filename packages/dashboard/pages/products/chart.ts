/** The chart itself: stepped lines, with specials and gaps marked. Independent of React. */
import uPlot from 'uplot'
import { DAY_SECONDS } from '../../parts/durations.ts'
import 'uplot/dist/uPlot.min.css'
import { money } from '../../parts/format.ts'
import { dateLabels, dateTicks, PRICE_STEPS } from './axis.ts'
import { colourName, computedColour } from './colours.ts'
import { seriesDrawer } from './draw-series.ts'
import type { ChartContent, DailyPrices, PriceSeries } from './lines.ts'
import { onSingleClick } from './single-click.ts'

/** Callbacks: `point` gets the time under the pointer, or null; `choose` the clicked series and time. In seconds. */
export type Listener = Readonly<{
  point: (seconds: number | null) => void
  choose: (series: PriceSeries, seconds: number) => void
}>

const HEIGHT_PIXELS = 300
const LABEL_PIXELS = 80
const DAYS_SHOWN_MIN = 2
const DRAG_PIXELS_MIN = 5
const FONT = '12px Inter, system-ui, sans-serif'

/** Draws the series into an element, in its width. Records the duration as the performance measure `price chart`. */
export function drawChart(place: HTMLElement, { days, series: allSeries }: ChartContent, listener: Listener): uPlot {
  const start = performance.now()
  const colours = allSeries.map((_, index) => computedColour(colourName(index), place))
  const prices = allSeries.map((series) => series.prices)
  const options = optionsFor(place, { days, series: allSeries }, colours)
  const hooks: uPlot.Hooks.Arrays = {
    draw: [seriesDrawer(allSeries, colours)],
    setCursor: [(chart) => listener.point(dayPointedAt(chart, days) ?? null)],
  }
  const chart = new uPlot({ ...options, hooks }, [days, ...prices] as uPlot.AlignedData, place)
  onSingleClick(chart, () => {
    const seconds = dayPointedAt(chart, days)
    const series = seconds === undefined ? undefined : nearestSeries(chart, allSeries, days.indexOf(seconds))
    if (series === undefined || seconds === undefined) return undefined
    return () => listener.choose(series, seconds)
  })
  performance.measure('price chart', { start, end: performance.now() })
  return chart
}

function optionsFor(
  place: HTMLElement,
  { days, series: allSeries }: ChartContent,
  colours: readonly string[],
): uPlot.Options {
  return {
    width: Math.max(200, place.clientWidth),
    height: HEIGHT_PIXELS,
    // Room for the last date label, which may be centred on the right edge.
    padding: [12, LABEL_PIXELS / 2, 0, 0],
    legend: { show: false },
    cursor: {
      y: false,
      // `onSingleClick` decides whether a click selects or ends a drag.
      drag: { x: true, y: false, dist: DRAG_PIXELS_MIN, click: () => {} },
      points: { size: 7 },
    },
    // Dates of scrapes have no time zone.
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), 'Etc/UTC'),
    scales: {
      x: { time: true, range: (_, min, max) => shownBetween(days, min, max) },
      y: {
        range: rangeOf(
          allSeries.flatMap((series) => (series.chain ? [series.prices, series.highest] : [series.prices])),
        ),
      },
    },
    axes: axesIn(place, (days.at(-1) ?? 0) - DAY_SECONDS),
    // `seriesDrawer` draws the lines, so that each is visible where several have the same price.
    series: [
      {},
      ...colours.map((colour) => ({
        stroke: colour,
        points: { show: false },
        paths: () => ({ stroke: new Path2D() }),
      })),
    ],
  }
}

/** The axes; `last`: the last day, after which there are no date ticks. */
function axesIn(place: HTMLElement, last: number): uPlot.Axis[] {
  const look: uPlot.Axis = {
    stroke: computedColour('var(--muted)', place),
    grid: { stroke: computedColour('var(--faint)', place), width: 1 },
    ticks: { show: false },
    font: FONT,
  }
  const datesThatFit = (chart: uPlot) => Math.max(1, Math.floor(chart.over.clientWidth / LABEL_PIXELS))
  return [
    {
      ...look,
      size: 46,
      splits: (chart, _axis, min, max) => dateTicks(min, Math.min(max, last), datesThatFit(chart)),
      values: (_, at) => dateLabels(at),
    },
    {
      ...look,
      incrs: PRICE_STEPS,
      size: widthOfPrices,
      values: (_, at) => at.map((price) => money(Math.round(price * 100))),
    },
  ]
}

/** The shown span: the dragged range, at least `DAYS_SHOWN_MIN`; all days at first and after a double click. */
function shownBetween(days: readonly number[], min: number | null, max: number | null): [number, number] {
  const first = days[0] ?? 0
  const last = days.at(-1) ?? 1
  if (min === null || max === null) return [first, last]
  const missing = Math.max(0, DAYS_SHOWN_MIN * DAY_SECONDS - (max - min)) / 2
  return [Math.max(first, min - missing), Math.min(last, max + missing)]
}

function widthOfPrices(chart: uPlot, labels: string[] | null): number {
  chart.ctx.save()
  chart.ctx.font = FONT
  const width = Math.max(24, ...(labels ?? []).map((label) => chart.ctx.measureText(label).width))
  chart.ctx.restore()
  return Math.ceil(width) + 16
}

/** The range of the price axis: from a little below the lowest price to a little above the highest. */
function rangeOf(prices: readonly DailyPrices[]): [number, number] {
  let lowest = Number.POSITIVE_INFINITY
  let highest = 0
  for (const price of prices.flat()) {
    if (price === null) continue
    lowest = Math.min(lowest, price)
    highest = Math.max(highest, price)
  }
  if (lowest === Number.POSITIVE_INFINITY) return [0, 1]
  const room = Math.max((highest - lowest) * 0.15, highest * 0.05, 0.05)
  return [Math.max(0, lowest - room), highest + room]
}

/** The day under the pointer. The last entry of `days` is not selectable: it only ends the day before it. */
function dayPointedAt({ cursor }: uPlot, days: readonly number[]): number | undefined {
  return cursor.idx == null ? undefined : days[Math.min(cursor.idx, days.length - 2)]
}

function nearestSeries(chart: uPlot, allSeries: readonly PriceSeries[], index: number): PriceSeries | undefined {
  const pointed = chart.posToVal(chart.cursor.top ?? 0, 'y')
  const distanceOf = ({ prices }: PriceSeries) => Math.abs((prices[index] ?? Number.POSITIVE_INFINITY) - pointed)
  const [nearest] = allSeries
    .filter(({ prices }) => prices[index] != null)
    .toSorted((one, other) => distanceOf(one) - distanceOf(other))
  return nearest
}
