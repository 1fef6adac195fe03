/** Between the keys and the audit. */
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { Empty } from '../../parts/notice.tsx'
import style from './tabs.module.css'

/** The two pages. */
export function Tabs(): ReactNode {
  return (
    <nav aria-label="Keys and audit" className={style.tabs}>
      <Link to="/keys" className={style.tab}>
        Keys
      </Link>
      <Link to="/audit" className={style.tab}>
        Audit
      </Link>
    </nav>
  )
}

/** What is said to those who may not. */
export function OnlyAdmin({ what }: Readonly<{ what: string }>): ReactNode {
  return (
    <Empty
      title={`Only a key with the scope admin may see ${what}. On the server:`}
      commands={['npx splitcart keys create my-name --scope read,admin']}
    >
      <p>Then sign out, and sign in with the new key.</p>
    </Empty>
  )
}
