/** Shown to users without the scope `admin` in place of what only admins may see. */
import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { systemQuery } from '../../api/queries.ts'
import { serverCommand } from '../../parts/commands.tsx'
import { Empty } from '../../parts/notice.tsx'

/** Says that an admin key is needed, and which command creates one. */
export function AdminOnlyNotice({ what }: Readonly<{ what: string }>): ReactNode {
  const { data } = useQuery(systemQuery)
  const shell = data?.shell ?? { before: 'splitcart', after: '' }
  return (
    <Empty
      title={`Only a key with the scope admin may see ${what}. On the server:`}
      commands={[serverCommand(shell, 'keys create my-name --scope read,admin')]}
    >
      <p>Then sign out, and sign in with the new key.</p>
    </Empty>
  )
}
