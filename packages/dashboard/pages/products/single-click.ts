/** Distinguishes a selecting click in a chart from a drag and from a double click. */
import type uPlot from 'uplot'

const DOUBLE_CLICK_MS = 300
const DRAG_PIXELS_MIN = 5

/** After a single click, calls the function that `chosen` returned for it, once no second click can follow. */
export function onSingleClick(chart: uPlot, chosen: () => (() => void) | undefined): void {
  let pressedAt = 0
  let waiting: ReturnType<typeof setTimeout> | undefined
  const forget = () => clearTimeout(waiting)
  chart.over.addEventListener('mousedown', ({ clientX }) => {
    pressedAt = clientX
  })
  chart.over.addEventListener('click', ({ clientX, detail }) => {
    forget()
    if (detail > 1 || Math.abs(clientX - pressedAt) >= DRAG_PIXELS_MIN) return
    const act = chosen()
    if (act !== undefined) waiting = setTimeout(act, DOUBLE_CLICK_MS)
  })
  chart.hooks.destroy = [...(chart.hooks.destroy ?? []), forget]
}
