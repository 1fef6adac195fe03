/** What is said to those who may look at most things, but not at this. */
import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { systemQuery } from '../../api/queries.ts'
import { typedLine } from '../../parts/commands.tsx'
import { Empty } from '../../parts/notice.tsx'

/** What it takes to see it, and how to get that. */
export function OnlyAdmin({ what }: Readonly<{ what: string }>): ReactNode {
  const { data } = useQuery(systemQuery)
  const shell = data?.shell ?? { before: 'splitcart', after: '' }
  return (
    <Empty
      title={`Only a key with the scope admin may see ${what}. On the server:`}
      commands={[typedLine(shell, 'keys create my-name --scope read,admin')]}
    >
      <p>Then sign out, and sign in with the new key.</p>
    </Empty>
  )
}
