/** Whether a table has less room than its columns need. */
import { useLayoutEffect, useRef, useState } from 'react'

const GAP_REM = 1
const EDGES_REM = 1.5

/** The least room that tracks of a grid need, in rem: what they are said to have at least, and the gaps. */
function roomFor(widths: readonly string[]): number {
  const least = widths.map((width) => Number(/([\d.]+)rem/.exec(width)?.[1] ?? 0))
  return least.reduce((sum, each) => sum + each, (widths.length - 1) * GAP_REM + EDGES_REM)
}

/** Looks again whenever the room changes. */
export function useIsTight(columns: readonly Readonly<{ width: string }>[]) {
  const table = useRef<HTMLDivElement>(null)
  const [isTight, setTight] = useState(false)
  const room = roomFor(columns.map(({ width }) => width))
  useLayoutEffect(() => {
    const element = table.current
    if (element === null) return
    const look = () => setTight(element.clientWidth < room * remPixels())
    look()
    const observer = new ResizeObserver(look)
    observer.observe(element)
    return () => observer.disconnect()
  }, [room])
  return { table, isTight }
}

/** As large as whoever reads has chosen. */
function remPixels(): number {
  return Number.parseFloat(getComputedStyle(document.documentElement).fontSize)
}
