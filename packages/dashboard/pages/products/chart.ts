/** The chart itself: stepped lines, with specials and gaps marked. Nothing of React. */
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import { day, money } from '../../parts/format.ts'
import { colourName, computed } from './colours.ts'
import { type Days, daysOf, type Line, secondsOf } from './lines.ts'

/** Whom the chart tells what: the moment that is pointed at, null where none; and the line and moment that were clicked. */
export type Listener = Readonly<{
  point: (seconds: number | null) => void
  choose: (line: Line, seconds: number) => void
}>

const HEIGHT_PIXELS = 300
const DAY_SECONDS = 86_400
const BESIDE_PIXELS = 2.5
const SPECIAL_WIDTH = 8
const SPECIAL_ALPHA = 0.28
const GAP_ALPHA = 0.55

/** Draws the lines into a place, as wide as it is. How long that took is kept as the measure `price chart`. */
export function drawChart(place: HTMLElement, lines: readonly Line[], listener: Listener): uPlot {
  const start = performance.now()
  const { days, prices } = daysOf(lines)
  const colours = lines.map((_, index) => computed(colourName(index), place))
  const options = optionsFor(place, { days, prices }, colours)
  const chart = new uPlot({ ...options, hooks: hooksFor(lines, colours, listener) }, [days, ...prices], place)
  chart.over.addEventListener('click', () => {
    const index = chart.cursor.idx
    const line = index == null ? undefined : nearestLine(chart, lines, index)
    if (line !== undefined && index != null) listener.choose(line, days[index]!)
  })
  performance.measure('price chart', { start, end: performance.now() })
  return chart
}

function optionsFor(place: HTMLElement, { days, prices }: Days, colours: readonly string[]): uPlot.Options {
  const muted = computed('var(--muted)', place)
  const grid = { stroke: computed('var(--faint)', place), width: 1 }
  const ticks = { show: false }
  const font = '12px system-ui, sans-serif'
  return {
    width: Math.max(200, place.clientWidth),
    height: HEIGHT_PIXELS,
    padding: [12, 8, 0, 0],
    legend: { show: false },
    cursor: { y: false, drag: { x: true, y: false }, points: { size: 7 } },
    // Dates of scrapes belong to no zone.
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), 'Etc/UTC'),
    scales: { x: { time: true, range: [days[0] ?? 0, days.at(-1) ?? 1] }, y: { range: rangeOf(prices) } },
    axes: [
      {
        stroke: muted,
        grid,
        ticks,
        font,
        space: 70,
        size: 32,
        values: (_, at) => at.map((seconds) => day(seconds * 1000)),
      },
      {
        stroke: muted,
        grid,
        ticks,
        font,
        size: 56,
        values: (_, at) => at.map((price) => money(Math.round(price * 100))),
      },
    ],
    series: [
      {},
      ...colours.map((stroke, index) => ({
        stroke,
        width: 2,
        spanGaps: false,
        points: { show: false },
        paths: (chart: uPlot) => ({ stroke: stepsOf(chart, index) }),
      })),
    ],
  }
}

/**
 * A line as steps. Where lines have the same price they are drawn side by side, or one would hide the others: stores of one company
 * mostly ask the same.
 */
function stepsOf(chart: uPlot, index: number): Path2D {
  const path = new Path2D()
  const [days, ...lines] = chart.data
  const prices = lines[index]!
  let y: number | undefined
  for (const [day, seconds] of days.entries()) {
    const price = prices[day]
    if (price == null) {
      y = undefined
      continue
    }
    const x = chart.valToPos(seconds, 'x', true)
    const next = heightOf(chart, index, seconds, price)
    if (y === undefined) path.moveTo(x, next)
    else path.lineTo(x, y)
    if (y !== next) path.lineTo(x, next)
    y = next
  }
  return path
}

/** How far down a line is drawn: below those before it that have the same price on that day. */
function heightOf(chart: uPlot, index: number, seconds: number, price: number): number {
  const [days, ...lines] = chart.data
  const day = Math.round((seconds - days[0]!) / DAY_SECONDS)
  const before = lines.slice(0, index).filter((line) => line[day] === price).length
  return chart.valToPos(price, 'y', true) + before * BESIDE_PIXELS * devicePixelRatio
}

/** From a little below the lowest price to a little above the highest. */
function rangeOf(prices: Days['prices']): [number, number] {
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

function hooksFor(lines: readonly Line[], colours: readonly string[], listener: Listener): uPlot.Hooks.Arrays {
  return {
    drawSeries: [
      (chart, index) => {
        const line = lines[index - 1]
        const colour = colours[index - 1]
        if (line !== undefined && colour !== undefined) markLine(chart, line, index - 1, colour)
      },
    ],
    setCursor: [(chart) => listener.point(chart.cursor.idx == null ? null : (chart.data[0][chart.cursor.idx] ?? null))],
  }
}

/** Specials as a broad band under the line; gaps as dots between the prices before and after. */
function markLine(chart: uPlot, { runs, gaps }: Line, index: number, colour: string): void {
  const { ctx, bbox } = chart
  ctx.save()
  ctx.beginPath()
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height)
  ctx.clip()
  ctx.strokeStyle = colour
  ctx.lineWidth = SPECIAL_WIDTH * devicePixelRatio
  ctx.globalAlpha = SPECIAL_ALPHA
  for (const { from, to, is_on_special, price_cents } of runs) {
    const height = heightOf(chart, index, secondsOf(from), price_cents / 100)
    if (is_on_special) across(chart, secondsOf(from), secondsOf(to) + DAY_SECONDS, height)
  }
  ctx.lineWidth = 1.5 * devicePixelRatio
  ctx.globalAlpha = GAP_ALPHA
  ctx.setLineDash([1.5 * devicePixelRatio, 4 * devicePixelRatio])
  for (const gap of gaps) {
    const before = runs.findLast(({ to }) => to < gap.from)
    const next = runs.find(({ from }) => from > gap.from)
    if (before === undefined) continue
    const height = heightOf(chart, index, secondsOf(before.to), before.price_cents / 100)
    across(chart, secondsOf(gap.from), secondsOf(next?.from ?? gap.to), height)
  }
  ctx.restore()
}

function across(chart: uPlot, from: number, to: number, height: number): void {
  chart.ctx.beginPath()
  chart.ctx.moveTo(chart.valToPos(from, 'x', true), height)
  chart.ctx.lineTo(chart.valToPos(to, 'x', true), height)
  chart.ctx.stroke()
}

function nearestLine(chart: uPlot, lines: readonly Line[], index: number): Line | undefined {
  const pointed = chart.posToVal(chart.cursor.top ?? 0, 'y')
  let nearest: Line | undefined
  let distance = Number.POSITIVE_INFINITY
  for (const [place, line] of lines.entries()) {
    const price = chart.data[place + 1]?.[index]
    if (price == null || Math.abs(price - pointed) >= distance) continue
    distance = Math.abs(price - pointed)
    nearest = line
  }
  return nearest
}
