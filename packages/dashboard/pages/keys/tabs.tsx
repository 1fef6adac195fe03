/** The tabs that link the pages of keys, sessions and the audit. */
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import style from './tabs.module.css'

/** The links to /keys, /sessions and /audit. */
export function KeysTabs(): ReactNode {
  return (
    <nav aria-label="Keys and audit" className={style.tabs}>
      <Link to="/keys" className={style.tab}>
        Keys
      </Link>
      <Link to="/sessions" className={style.tab}>
        Signed in
      </Link>
      <Link to="/audit" className={style.tab}>
        Audit
      </Link>
    </nav>
  )
}
