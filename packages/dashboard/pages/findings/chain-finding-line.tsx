/** A finding shared by stores of a chain, as one line. */
import type { ChainFindingView } from '@splitcart/data-management/http/routes/findings-schema.ts'
import type { ReactNode } from 'react'
import { count } from '../../parts/format.ts'
import { UploadLink } from '../../parts/page-links.tsx'
import { StoreLink } from '../../parts/store-link.tsx'
import { UntrustedText } from '../../parts/untrusted-text.tsx'

/** "38 stores of coles: is_available is false in every row", linked to the newest such file; or a single store. */
export function ChainFindingLine({ finding }: Readonly<{ finding: ChainFindingView }>): ReactNode {
  const { company, stores, brief, example } = finding
  if (stores !== 1)
    return <UploadLink id={example.upload_id} text={`${count(stores, 'store')} of ${company}: ${brief}`} />
  return (
    <>
      <StoreLink store={{ company, store_id: example.store_id }}>
        <UntrustedText text={`${example.store_name} of ${company}`} />
      </StoreLink>
      : <UploadLink id={example.upload_id} text={brief} />
    </>
  )
}
