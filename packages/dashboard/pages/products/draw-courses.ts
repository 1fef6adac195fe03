/** Draws courses of prices into a chart, each at its true height, with specials and gaps marked. */
import type uPlot from 'uplot'
import { type Course, type Line, type Prices, type Stretch, secondsOf, stretchesOf } from './lines.ts'

const DAY_SECONDS = 86_400
const LINE_WIDTH = 2
const DASH_PIXELS = 7
const SPECIAL_WIDTH = 8
const SPECIAL_ALPHA = 0.28
const GAP_ALPHA = 0.55

/** Gives what draws all courses, as often as the chart is drawn. */
export function courseDrawer(courses: readonly Course[], colours: readonly string[]): (chart: uPlot) => void {
  const all = courses.map(({ prices }) => prices)
  const stretches = all.map((_, index) => stretchesOf(all, index))
  return (chart) => {
    const { ctx, bbox } = chart
    ctx.save()
    ctx.beginPath()
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height)
    ctx.clip()
    for (const [index, { lines }] of courses.entries()) {
      ctx.strokeStyle = colours[index]!
      markLine(chart, lines[0]!)
    }
    for (const [index, { prices }] of courses.entries()) {
      ctx.strokeStyle = colours[index]!
      drawSteps(chart, prices, stretches[index]!)
    }
    ctx.restore()
  }
}

/** A course as steps. Where several are at one price, they take turns: a dash of each. */
function drawSteps(chart: uPlot, prices: Prices, stretches: readonly Stretch[]): void {
  const { ctx } = chart
  const [days] = chart.data
  const dash = DASH_PIXELS * devicePixelRatio
  ctx.lineWidth = LINE_WIDTH * devicePixelRatio
  for (const { from, to, price, rank, of } of stretches) {
    const [start, end] = [chart.valToPos(days[from]!, 'x', true), chart.valToPos(days[to]!, 'x', true)]
    const height = chart.valToPos(price, 'y', true)
    ctx.setLineDash(of === 1 ? [] : [dash, dash * (of - 1)])
    // The turns are counted from the left edge, so that all courses count alike.
    ctx.lineDashOffset = start - rank * dash
    stroke(chart, [start, height], [end, height])
    const next = prices[to]
    if (next == null || next === price) continue
    ctx.setLineDash([])
    stroke(chart, [end, height], [end, chart.valToPos(next, 'y', true)])
  }
  ctx.setLineDash([])
}

/** Specials as a broad band under the line; gaps as dots between the prices before and after. */
function markLine(chart: uPlot, { runs, gaps }: Line): void {
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
