/** Colours of a chart's lines, in both colour schemes, and marks that distinguish chains without colours. */
import style from './colours.module.css'

const COLOUR_COUNT = 8

/** The CSS variable of a line's colour. */
export function colourName(index: number): string {
  return `var(--line-${(index % COLOUR_COUNT) + 1})`
}

// Filled shapes around a point, as paths of SVG: a circle, a square, triangles, a diamond, a cross, a bar, an hourglass.
const MARKS = [
  'M-5 0a5 5 0 1 0 10 0a5 5 0 1 0-10 0',
  'M-4-4h8v8h-8z',
  'M0-5L5 4H-5z',
  'M0-6L5 0L0 6L-5 0z',
  'M0 5L5-4H-5z',
  'M-2-5h4v3h3v4h-3v3h-4v-3h-3v-4h3z',
  'M-2-6h4v12h-4z',
  'M-5-5H5L-5 5H5z',
] as const

/** The mark at the end of a line. */
export function markPath(index: number): string {
  return MARKS[index % MARKS.length]!
}

/** The computed value of a CSS colour, for use in a canvas. */
export function computedColour(name: string, place: HTMLElement): string {
  const probe = document.createElement('span')
  probe.style.color = name
  place.append(probe)
  const { color } = getComputedStyle(probe)
  probe.remove()
  return color
}

/** The class that defines the colours. */
export const PALETTE = style.palette ?? ''
