/** The chart of a product in a browser: opened, and what is written and filled in its canvas. */
import assert from 'node:assert/strict'
import type { Page } from 'playwright-core'
import { until } from '../../../test/machines.ts'
import { type Site, settled, type Window } from './site.ts'

type Label = Readonly<{ text: string; left: number; right: number; x: number; y: number; width: number }>

/** Keeps what the canvas is told to write, and where. */
function keepLabels(): void {
  const { prototype } = CanvasRenderingContext2D
  const { fillText, clearRect } = prototype
  const kept: Label[] = []
  Object.assign(globalThis, { keptLabels: kept })
  prototype.clearRect = function (...args) {
    kept.length = 0
    clearRect.apply(this, args)
  }
  prototype.fillText = function (text, x, y, ...more) {
    const { width } = this.measureText(text)
    const left = x - (this.textAlign === 'center' ? width / 2 : this.textAlign === 'right' ? width : 0)
    kept.push({ text, left, right: left + width, x, y, width: this.canvas.width })
    fillText.call(this, text, x, y, ...more)
  }
}

type Shade = Readonly<{ x: number; y: number; width: number; height: number }>

/** Keeps the shades that are filled into the canvas, and where. */
function keepShades(): void {
  const { prototype } = CanvasRenderingContext2D
  const { fillRect, clearRect } = prototype
  const kept: Shade[] = []
  Object.assign(globalThis, { keptShades: kept })
  prototype.clearRect = function (...args) {
    kept.length = 0
    clearRect.apply(this, args)
  }
  prototype.fillRect = function (x, y, width, height) {
    if (this.globalAlpha < 1) kept.push({ x, y, width, height })
    fillRect.call(this, x, y, width, height)
  }
}

/** The shade of each day as prices, the latest day last, read from where it is drawn and from what stands at the axis. */
export async function shadesOf(page: Page, days: number): Promise<(readonly [low: number, high: number])[]> {
  const shades = await page.evaluate(() => (globalThis as unknown as { keptShades: Shade[] }).keptShades)
  const [one, other] = (await labelsOf(page)).filter(({ text }) => text.includes('.'))
  const priceAt = (y: number) =>
    Number(one!.text) + ((y - one!.y) / (other!.y - one!.y)) * (Number(other!.text) - Number(one!.text))
  const { from, each } = await page.locator('canvas').evaluate((canvas, count) => {
    const [whole, plot] = [canvas, document.querySelector('.u-over')!].map((each) => each.getBoundingClientRect())
    return {
      from: (plot!.left - whole!.left) * devicePixelRatio,
      each: (plot!.width * devicePixelRatio) / count,
    }
  }, days)
  return Array.from({ length: days }, (_, day) => {
    const noon = from + (day + 0.5) * each
    const there = shades.filter(({ x, width }) => x <= noon && noon < x + width)
    assert.equal(there.length, 1, `${there.length} shades on day ${day} of ${JSON.stringify(shades)}`)
    return [priceAt(there[0]!.y + there[0]!.height), priceAt(there[0]!.y)] as const
  })
}

/** What is written in the chart that is shown. */
export function labelsOf(page: Page): Promise<Label[]> {
  return page.evaluate(() => (globalThis as unknown as { keptLabels: Label[] }).keptLabels)
}

/** What is written at the dates, from the left; what stands below each other belongs together. */
export function datesIn(labels: readonly Label[]): string[] {
  const dates = Map.groupBy(
    labels.filter(({ text }) => !text.includes('.')),
    ({ x }) => x,
  )
  return [...dates.values()].map((lines) => lines.map(({ text }) => text).join(' '))
}

type Opening = Parameters<Site['window']>[1] & Readonly<{ chain?: string }>

/** Has the chart show the stores of a chain. */
export async function openChain(page: Page, chain: string): Promise<void> {
  const button = page.getByRole('button', { name: `Show its stores in the chart: ${chain}` })
  await button.click()
  await button.waitFor({ state: 'detached' })
}

/** The page of a product, its chart drawn: with a line for each chain, or with those of the stores of one. */
export async function openProduct(site: Site, name: string, { chain, ...options }: Opening = {}): Promise<Window> {
  const window = await site.window(site.reader, options)
  const { page } = window
  await page.addInitScript(keepLabels)
  await page.addInitScript(keepShades)
  await window.goto(`/products?q=${encodeURIComponent(name)}`)
  await page.getByRole('link', { name, exact: true }).click()
  await page.locator('canvas').waitFor()
  if (chain !== undefined) await openChain(page, chain)
  await settled(page)
  await until(async () => datesIn(await labelsOf(window.page)).length > 0, 'the chart is drawn')
  return window
}
