/**
 * The kinds of files that a scraping machine sends to the server. Each has its own folders: `<stem>_outbox` on the
 * client, `<stem>_inbox` on the server. Kinds with a loader are loaded into the catalogue; any other kind that KINDS
 * names is delivered unchanged into its inbox, for a program of the operator.
 */

/** The kinds that the program itself loads. */
export const LOADED_KINDS = {
  products: { stem: 'product', about: 'scraped rows: what a store sells, and for how much' },
  stores: { stem: 'stores', about: 'where stores are, and whether they are open' },
  barcodes: { stem: 'barcodes', about: 'barcodes of listings that have none of their own' },
} as const

/** A kind that has a loader. */
export type LoadedKind = keyof typeof LOADED_KINDS

/** The kinds with a loader, in the order in which they are loaded. */
export const LOADED_KIND_NAMES = Object.keys(LOADED_KINDS) as readonly LoadedKind[]

/** The description of the setting KINDS. */
export const KINDS_ABOUT =
  'the kinds of files that are taken; those without a loader are left in <kind>_inbox for a program of yours (docs/feeds.md)'

/** The kind that is uploaded by default. */
export const PRODUCTS = 'products'

// Valid as a folder name on every system, and not already used in a URL or a folder of this program.
const KIND_NAME = /^[a-z][a-z0-9_]{0,39}$/
const RESERVED_NAMES = new Set(['resumable', 'product', 'temp'])

/** Why a text is not a valid name of a kind, as the rest of a sentence; undefined if it is valid. */
export function faultOfKind(kind: string): string | undefined {
  if (!KIND_NAME.test(kind)) return 'is not made of small letters, digits and _, at most 40, a letter first'
  return RESERVED_NAMES.has(kind) ? 'is a name that the program uses for something else' : undefined
}

/** Whether a kind has a loader. */
export function isLoadedKind(kind: string): kind is LoadedKind {
  return Object.hasOwn(LOADED_KINDS, kind)
}

/** The prefix of a kind's folders: `product` for products, else the kind itself. */
export function stemOfKind(kind: string): string {
  return isLoadedKind(kind) ? LOADED_KINDS[kind].stem : kind
}

/** The kind whose outbox a folder is; undefined for any other folder. */
export function kindOfOutbox(folder: string): string | undefined {
  return kindOfFolder(folder, 'outbox')
}

/** The kind whose inbox a folder is; undefined for any other folder. */
export function kindOfInbox(folder: string): string | undefined {
  return kindOfFolder(folder, 'inbox')
}

function kindOfFolder(folder: string, box: 'outbox' | 'inbox'): string | undefined {
  const stem = folder.endsWith(`_${box}`) ? folder.slice(0, -box.length - 1) : ''
  if (stem === '') return undefined
  const kind = stem === LOADED_KINDS.products.stem ? PRODUCTS : stem
  return kind === PRODUCTS || faultOfKind(kind) === undefined ? kind : undefined
}
