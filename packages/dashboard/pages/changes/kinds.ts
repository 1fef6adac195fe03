/** The kinds of changes, in the order in which they are shown. */
import type { ChangePage } from '@splitcart/data-management/http/routes/changes-schema.ts'

type Kind = ChangePage['changes'][number]['kind']

/** The name of each kind; the same for singular and plural. */
export const KIND_LABELS = {
  cheaper: 'cheaper',
  dearer: 'dearer',
  new: 'new',
  back: 'back',
  back_in_stock: 'back in stock',
  gone: 'gone',
} as const satisfies Record<Kind, string>

export const KINDS = Object.keys(KIND_LABELS) as Kind[]
