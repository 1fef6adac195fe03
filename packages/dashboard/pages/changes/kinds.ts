/** The kinds of changes, in the order in which they are told. */
import type { ChangePage } from '@splitcart/data-management/http/routes/changes-schema.ts'

type Kind = ChangePage['changes'][number]['kind']

/** What each kind is called, one and many of it. */
export const KIND_SAID = {
  cheaper: 'cheaper',
  dearer: 'dearer',
  new: 'new',
  back: 'back',
  back_in_stock: 'back in stock',
  gone: 'gone',
} as const satisfies Record<Kind, string>

export const KINDS = Object.keys(KIND_SAID) as Kind[]
