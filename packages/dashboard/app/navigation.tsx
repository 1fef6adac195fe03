/** The navigation: the pages, and how many things need attention on each. */
import { VisuallyHidden } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { Icon, type IconName } from '../parts/icon.tsx'
import type { Attention } from './attention.ts'
import style from './navigation.module.css'

type NavigationItem = Readonly<{ to: string; name: string; icon: IconName; counts?: keyof Attention }>

/** The pages in the navigation. */
export const NAVIGATION_ITEMS: readonly NavigationItem[] = [
  { to: '/', name: 'Overview', icon: 'overview' },
  { to: '/sources', name: 'Sources', icon: 'sources', counts: 'sources' },
  { to: '/uploads', name: 'Uploads', icon: 'uploads', counts: 'failed' },
  { to: '/rejects', name: 'Rejects', icon: 'rejects' },
  { to: '/holds', name: 'Holds', icon: 'holds', counts: 'held' },
  { to: '/findings', name: 'Findings', icon: 'findings' },
  { to: '/changes', name: 'Changes', icon: 'changes' },
  { to: '/products', name: 'Products', icon: 'products' },
  { to: '/pairs', name: 'Pairs', icon: 'pairs' },
  { to: '/notices', name: 'Notices', icon: 'notices' },
  { to: '/machines', name: 'Machines', icon: 'screen' },
  { to: '/keys', name: 'Keys and audit', icon: 'keys' },
  { to: '/system', name: 'System', icon: 'system', counts: 'machine' },
]

/** The links to all pages, each with its count of what needs attention. */
export function Navigation({ attention }: Readonly<{ attention: Attention }>): ReactNode {
  return (
    <nav id="navigation" aria-label="Pages">
      <ul className={style.list}>
        {NAVIGATION_ITEMS.map(({ to, name, icon, counts }) => (
          <li key={to}>
            <Link to={to} className={style.link} activeOptions={{ exact: to === '/', includeSearch: false }}>
              <Icon name={icon} />
              {name}
              <AttentionCount count={counts === undefined ? 0 : attention[counts]} />
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  )
}

function AttentionCount({ count }: Readonly<{ count: number }>): ReactNode {
  if (count === 0) return null
  return (
    <span className={style.count}>
      {count.toLocaleString()}
      <VisuallyHidden> to look at</VisuallyHidden>
    </span>
  )
}
