/** Draws the series into a chart: those of stores with specials and gaps marked, those of chains with a price band. */
import type uPlot from 'uplot'
import { DAY_SECONDS } from '../../parts/durations.ts'
import { markPath } from './colours.ts'
import {
  type ChainSeries,
  type DailyPrices,
  type PriceSegment,
  type PriceSeries,
  type StoreLine,
  secondsOf,
  segmentsOf,
} from './lines.ts'

const LINE_WIDTH = 2
const DASH_PIXELS = 7
const SPECIAL_WIDTH = 8
const SPECIAL_ALPHA = 0.28
const GAP_ALPHA = 0.55
const BAND_ALPHA = 0.16
const EDGE_ALPHA = 0.6
const MARK_PIXELS = 12

/** A function that draws all series, for each redraw of the chart. */
export function seriesDrawer(allSeries: readonly PriceSeries[], colours: readonly string[]): (chart: uPlot) => void {
  const all = allSeries.map(({ prices }) => prices)
  const segments = all.map((_, index) => segmentsOf(all, index))
  return (chart) => {
    const { ctx, bbox } = chart
    ctx.save()
    ctx.beginPath()
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height)
    ctx.clip()
    for (const [index, series] of allSeries.entries()) {
      ctx.strokeStyle = colours[index]!
      ctx.fillStyle = colours[index]!
      if (series.chain === undefined) markLine(chart, series.lines[0]!)
      else drawBand(chart, series)
    }
    for (const [index, { prices }] of allSeries.entries()) {
      ctx.strokeStyle = colours[index]!
      drawSteps(chart, prices, segments[index]!)
    }
    for (const [index, { chain }] of allSeries.entries()) {
      ctx.fillStyle = colours[index]!
      if (chain !== undefined) markEnd(chart, index, segments[index]!.at(-1))
    }
    ctx.restore()
  }
}

/** Draws the band of each step, from its lowest to its highest price. */
function drawBand(chart: uPlot, { chain }: ChainSeries): void {
  const { ctx } = chart
  ctx.save()
  ctx.lineWidth = devicePixelRatio
  for (const { from, to, lowest_cents, highest_cents } of chain.steps) {
    const [left, right] = [secondsOf(from), secondsOf(to) + DAY_SECONDS].map((at) => chart.valToPos(at, 'x', true))
    const [low, high] = [lowest_cents, highest_cents].map((cents) => chart.valToPos(cents / 100, 'y', true))
    ctx.globalAlpha = BAND_ALPHA
    ctx.fillRect(left!, high!, right! - left!, low! - high!)
    ctx.globalAlpha = EDGE_ALPHA
    stroke(chart, [left!, high!], [right!, high!])
  }
  ctx.restore()
}

/** Draws the mark of a chain at the end of its line; marks at the same price are placed side by side. */
function markEnd(chart: uPlot, index: number, last: PriceSegment | undefined): void {
  const { ctx } = chart
  if (last === undefined) return
  const [end, height] = [chart.valToPos(chart.data[0][last.to]!, 'x', true), chart.valToPos(last.price, 'y', true)]
  ctx.save()
  ctx.translate(end - (last.rank + 0.6) * MARK_PIXELS * devicePixelRatio, height)
  ctx.scale(devicePixelRatio, devicePixelRatio)
  ctx.fill(new Path2D(markPath(index)))
  ctx.restore()
}

/** Draws a series as steps. Series at the same price alternate: one dash of each. */
function drawSteps(chart: uPlot, prices: DailyPrices, segments: readonly PriceSegment[]): void {
  const { ctx } = chart
  const [days] = chart.data
  const dash = DASH_PIXELS * devicePixelRatio
  ctx.lineWidth = LINE_WIDTH * devicePixelRatio
  for (const { from, to, price, rank, of } of segments) {
    const [start, end] = [chart.valToPos(days[from]!, 'x', true), chart.valToPos(days[to]!, 'x', true)]
    const height = chart.valToPos(price, 'y', true)
    ctx.setLineDash(of === 1 ? [] : [dash, dash * (of - 1)])
    // Dashes are counted from the left edge, so that those of all series interlock.
    ctx.lineDashOffset = start - rank * dash
    stroke(chart, [start, height], [end, height])
    const next = prices[to]
    if (next == null || next === price) continue
    ctx.setLineDash([])
    stroke(chart, [end, height], [end, chart.valToPos(next, 'y', true)])
  }
  ctx.setLineDash([])
}

/** Draws specials as a broad band under the line, and gaps as dots between the prices before and after. */
function markLine(chart: uPlot, { runs, gaps }: StoreLine): void {
  const { ctx } = chart
  const across = (from: number, to: number, cents: number) => {
    const height = chart.valToPos(cents / 100, 'y', true)
    stroke(chart, [chart.valToPos(from, 'x', true), height], [chart.valToPos(to, 'x', true), height])
  }
  ctx.save()
  ctx.lineWidth = SPECIAL_WIDTH * devicePixelRatio
  ctx.globalAlpha = SPECIAL_ALPHA
  for (const { from, to, is_on_special, price_cents } of runs)
    if (is_on_special && price_cents !== null) across(secondsOf(from), secondsOf(to) + DAY_SECONDS, price_cents)
  ctx.lineWidth = 1.5 * devicePixelRatio
  ctx.globalAlpha = GAP_ALPHA
  ctx.setLineDash([1.5 * devicePixelRatio, 4 * devicePixelRatio])
  for (const gap of gaps) {
    const before = runs.findLast(({ to }) => to < gap.from)
    const next = runs.find(({ from }) => from > gap.from)
    const cents = before?.price_cents ?? null
    if (cents !== null) across(secondsOf(gap.from), secondsOf(next?.from ?? gap.to), cents)
  }
  ctx.restore()
}

function stroke({ ctx }: uPlot, from: readonly [number, number], to: readonly [number, number]): void {
  ctx.beginPath()
  ctx.moveTo(...from)
  ctx.lineTo(...to)
  ctx.stroke()
}
