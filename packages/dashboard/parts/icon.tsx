/** The icons of the page, as SVG paths in a 24 × 24 box. They are decorative: words beside them say the same. */
import type { ReactNode } from 'react'

const ICON_PATHS = {
  overview: 'M4 13h6V4H4zM14 20h6v-9h-6zM4 20h6v-3H4zM14 7h6V4h-6z',
  sources: 'M4 9l1.5-5h13L20 9M4 9v11h16V9M4 9a2.7 2.7 0 005.3 0 2.7 2.7 0 005.4 0A2.7 2.7 0 0020 9M9 20v-6h6v6',
  uploads: 'M12 16V4M7 9l5-5 5 5M4 16v4h16v-4',
  rejects: 'M12 3l9 16H3zM12 10v4M12 16.5v.5',
  holds: 'M9 5v14M15 5v14',
  findings: 'M10 4a6 6 0 100 12 6 6 0 000-12zM14.5 14.5L20 20M10 7v3M10 12.5v.5',
  products: 'M4 12V4h8l9 9-8 8zM8 8h.01',
  changes: 'M4 7l6 6 4-4 6 7M20 11v5h-5',
  pairs: 'M3 7h7v10H3zM14 7h7v10h-7zM10 12h4',
  keys: 'M14.5 9.5a4.5 4.5 0 10-4.4 4.5L12 16h2v2h2v2h4v-3.5l-6-6',
  notices: 'M6 10a6 6 0 1112 0c0 5 2 6 2 6H4s2-1 2-6M10 20h4',
  system: 'M4 5h16v5H4zM4 14h16v5H4zM8 7.5h.01M8 16.5h.01',
  menu: 'M4 6h16M4 12h16M4 18h16',
  close: 'M6 6l12 12M18 6L6 18',
  sun: 'M12 8a4 4 0 100 8 4 4 0 000-8zM12 2v3M12 19v3M2 12h3M19 12h3M5 5l2 2M17 17l2 2M19 5l-2 2M7 17l-2 2',
  moon: 'M20 14.5A8 8 0 119.5 4a6.5 6.5 0 0010.5 10.5z',
  screen: 'M3 5h18v11H3zM9 20h6M12 16v4',
  copy: 'M9 9h11v11H9zM5 15H4V4h11v1',
  done: 'M5 12l5 5L20 7',
  search: 'M10.5 4a6.5 6.5 0 100 13 6.5 6.5 0 000-13zM15.5 15.5L21 21',
  leave: 'M14 4H5v16h9M10 12h11M17 8l4 4-4 4',
  next: 'M9 5l7 7-7 7',
  download: 'M12 4v12M7 11l5 5 5-5M4 20h16',
} as const

export type IconName = keyof typeof ICON_PATHS

/** A decorative icon, hidden from screen readers. */
export function Icon({ name, size = 18 }: Readonly<{ name: IconName; size?: number }>): ReactNode {
  return (
    <svg
      aria-hidden="true"
      focusable="false"
      width={size}
      height={size}
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.8"
      strokeLinecap="round"
      strokeLinejoin="round"
    >
      <path d={ICON_PATHS[name]} />
    </svg>
  )
}
