/** Makes one message of all notices that wait for a receiver. */
import type { NoticeRecord } from '../ledger/notice-outbox.ts'
import { kindOf } from './conditions.ts'
import type { Message } from './message.ts'

const LINES_MAX = 40
const REPEATS = 'Some of this may have been told before: nobody knows whether it came.'
// Names of the kinds of notices that are not conditions.
const OTHERS: Readonly<Record<string, Readonly<{ one: string; many: string; page: string }>>> = {
  watch: { one: 'watched product', many: 'watched products', page: 'notices' },
  test: { one: 'test', many: 'tests', page: 'notices' },
}
const ANY = { one: 'notice', many: 'notices', page: 'notices' }

function wordsOf(kind: string) {
  return kindOf(kind) ?? OTHERS[kind] ?? ANY
}

// Contains no text from elsewhere, which may have caused the refusal.
const IN_SHORT = 'What they say was refused; splitcart notices list has it, as has the page Notices.'

/** Options of a message. `repeats`: it may have been sent before; `isShort`: without the texts of the notices. */
export type Form = Readonly<{ repeats: boolean; isShort: boolean; page: URL | undefined }>

/** Makes the message. */
export function messageOf(notices: readonly NoticeRecord[], { repeats, isShort, page }: Form): Message {
  const lines = [...(isShort ? [IN_SHORT] : shownOf(notices)), ...(repeats ? [REPEATS] : [])]
  return {
    isShort,
    id: `${notices[0]?.id ?? 0}-${notices.at(-1)?.id ?? 0}`,
    title: `SplitCart: ${titleOf(notices)}`,
    lines,
    isUrgent: notices.some(({ kind, is_over }) => is_over === 0 && kindOf(kind)?.isUrgent === true),
    isGood: notices.every(({ is_over }) => is_over === 1),
    link: linkOf(notices, page),
    notices,
  }
}

function shownOf(notices: readonly NoticeRecord[]): string[] {
  const shown = notices.slice(0, LINES_MAX).map(({ text }) => text)
  const more = notices.length - shown.length
  return more > 0 ? [...shown, `and ${more} more`] : shown
}

/** Counts by kind, such as "2 uploads held, 1 source silent". */
function titleOf(notices: readonly NoticeRecord[]): string {
  const groups = Map.groupBy(notices, ({ kind, is_over }) => JSON.stringify([kind, is_over]))
  return [...groups.values()]
    .map((those) => {
      const { kind, is_over } = those[0]!
      const words = wordsOf(kind)
      if (is_over === 1) return `${those.length} ${kindOf(kind)?.over ?? 'over'}`
      return `${those.length} ${those.length === 1 ? words.one : words.many}`
    })
    .join(', ')
}

/** The page of their kind, if all are of one kind; else the page of all notices. */
function linkOf(notices: readonly NoticeRecord[], page: URL | undefined): string | undefined {
  if (page === undefined) return undefined
  const kinds = new Set(notices.map(({ kind }) => kind))
  const [kind = ''] = kinds
  const path = kinds.size === 1 ? wordsOf(kind).page : 'notices'
  return `${page.href.replace(/\/*$/, '')}/${path}`
}
