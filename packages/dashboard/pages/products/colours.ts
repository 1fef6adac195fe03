/** The colours of the lines of a chart: in both schemes. */
import style from './colours.module.css'

const COLOURS = 8

/** The name of a colour in the style sheet. */
export function colourName(index: number): string {
  return `var(--line-${(index % COLOURS) + 1})`
}

/** A colour of the style sheet, as a canvas understands it. */
export function computed(name: string, place: HTMLElement): string {
  const probe = document.createElement('span')
  probe.style.color = name
  place.append(probe)
  const { color } = getComputedStyle(probe)
  probe.remove()
  return color
}

/** The class that defines the colours. */
export const PALETTE = style.palette ?? ''
