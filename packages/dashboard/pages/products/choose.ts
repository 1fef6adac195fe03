/** Tells a click that chooses from what else the mouse does in a chart: dragging over it, and clicking twice. */
import type uPlot from 'uplot'

const DOUBLE_CLICK_MS = 300
const DRAG_PIXELS_MIN = 5

/** Calls what `chosen` gives for a click, once no second one can follow. */
export function chooseByClick(chart: uPlot, chosen: () => (() => void) | undefined): void {
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
