/** The link from a store's name to its page. */
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'

type Props = Readonly<{
  store: Readonly<{ company: string; store_id: string }>
  children: ReactNode
  className?: string | undefined
  /** The same link is next to it with the store's name, so the Tab key skips this one. */
  isRepeated?: boolean
}>

/** A link to the page of a store. */
export function StoreLink({ store, children, className, isRepeated = false }: Props): ReactNode {
  return (
    <Link
      to="/store"
      search={{ store: `${store.company}/${store.store_id}` }}
      {...(className !== undefined && { className })}
      {...(isRepeated && { tabIndex: -1 })}
    >
      {children}
    </Link>
  )
}
