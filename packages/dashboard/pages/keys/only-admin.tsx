/** What is said to those who may look at most things, but not at this. */
import type { ReactNode } from 'react'
import { Empty } from '../../parts/notice.tsx'

/** What it takes to see it, and how to get that. */
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
