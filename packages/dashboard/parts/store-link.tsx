/** The link from a store's name to its page. */
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'

type Props = Readonly<{
  store: Readonly<{ company: string; store_id: string }>
  children: ReactNode
  className?: string | undefined
  /** The same link stands beside it with the store's name, so the Tab key skips this one. */
  isAgain?: boolean
}>

/** The link. */
export function StoreLink({ store, children, className, isAgain = false }: Props): ReactNode {
  return (
    <Link
      to="/store"
      search={{ store: `${store.company}/${store.store_id}` }}
      {...(className !== undefined && { className })}
      {...(isAgain && { tabIndex: -1 })}
    >
      {children}
    </Link>
  )
}
