/** Links to the pages of uploads and products, with untrusted names. */
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { UntrustedText } from './untrusted-text.tsx'

type UploadProps = Readonly<{ id: string | null; text: string; className?: string | undefined }>

/** A link to the page of an upload; the text alone if the upload is not known. */
export function UploadLink({ id, text, className }: UploadProps): ReactNode {
  if (id === null) return <UntrustedText text={text} />
  return (
    <Link to="/uploads/$id" params={{ id }} className={className}>
      <UntrustedText text={text} />
    </Link>
  )
}

type ProductProps = Readonly<{ id: number; name: string; className?: string | undefined }>

/** A link to the page of a product. */
export function ProductLink({ id, name, className }: ProductProps): ReactNode {
  return (
    <Link to="/products/$id" params={{ id: String(id) }} className={className}>
      <UntrustedText text={name} />
    </Link>
  )
}
