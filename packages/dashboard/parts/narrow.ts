/** Detects whether a table is narrower than its columns need. */
import { useLayoutEffect, useRef, useState } from 'react'

const GAP_REM = 1
const EDGES_REM = 1.5

/** The minimum width of grid tracks, in rem: the sum of their minimum widths and the gaps. */
function minWidthRem(widths: readonly string[]): number {
  const least = widths.map((width) => Number(/([\d.]+)rem/.exec(width)?.[1] ?? 0))
  return least.reduce((sum, each) => sum + each, (widths.length - 1) * GAP_REM + EDGES_REM)
}

/** Whether the table is too narrow for its columns; checked again whenever its width changes. */
export function useIsNarrow(columns: readonly Readonly<{ width: string }>[]) {
  const table = useRef<HTMLDivElement>(null)
  const [isTight, setTight] = useState(false)
  const minRem = minWidthRem(columns.map(({ width }) => width))
  useLayoutEffect(() => {
    const element = table.current
    if (element === null) return
    const look = () => setTight(element.clientWidth < minRem * remPixels())
    look()
    const observer = new ResizeObserver(look)
    observer.observe(element)
    return () => observer.disconnect()
  }, [minRem])
  return { table, isTight }
}

/** Pixels per rem, which depend on the font size the user has chosen. */
function remPixels(): number {
  return Number.parseFloat(getComputedStyle(document.documentElement).fontSize)
}
