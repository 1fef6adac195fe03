/** The same finding of a whole chain, as one line. */
import type { ChainFindingView } from '@splitcart/data-management/api/findings-schema.ts'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { count } from '../../parts/format.ts'
import { Said } from '../../parts/said.tsx'

/** "38 stores of coles: is_available is false in every row"; it leads to the newest file that shows it. */
export function ChainLine({ finding }: Readonly<{ finding: ChainFindingView }>): ReactNode {
  const { company, stores, brief, example } = finding
  const where = stores === 1 ? `${example.store_name} of ${company}` : `${count(stores, 'store')} of ${company}`
  const line = <Said text={`${where}: ${brief}`} />
  if (example.upload_id === null) return line
  return (
    <Link to="/uploads/$id" params={{ id: example.upload_id }}>
      {line}
    </Link>
  )
}
