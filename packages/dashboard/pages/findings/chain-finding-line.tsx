/** A finding shared by stores of a chain, as one line. */
import type { ChainFindingView } from '@splitcart/data-management/http/routes/findings-schema.ts'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { count } from '../../parts/format.ts'
import { StoreLink } from '../../parts/store-link.tsx'
import { UntrustedText } from '../../parts/untrusted-text.tsx'

/** "38 stores of coles: is_available is false in every row", linked to the newest such file; or a single store. */
export function ChainFindingLine({ finding }: Readonly<{ finding: ChainFindingView }>): ReactNode {
  const { company, stores, brief, example } = finding
  if (stores !== 1) return <UploadLink of={example} text={`${count(stores, 'store')} of ${company}: ${brief}`} />
  return (
    <>
      <StoreLink store={{ company, store_id: example.store_id }}>
        <UntrustedText text={`${example.store_name} of ${company}`} />
      </StoreLink>
      : <UploadLink of={example} text={brief} />
    </>
  )
}

function UploadLink({ of, text }: Readonly<{ of: ChainFindingView['example']; text: string }>): ReactNode {
  const said = <UntrustedText text={text} />
  if (of.upload_id === null) return said
  return (
    <Link to="/uploads/$id" params={{ id: of.upload_id }}>
      {said}
    </Link>
  )
}
