/** Combines all notices that wait for a receiver into one message. */
import type { NoticeRecord } from '../ledger/notice-outbox.ts'
import { conditionKind } from './conditions.ts'
import type { Message } from './message.ts'

const LINES_MAX = 40
const REPEAT_WARNING = 'Some of this may have been told before: nobody knows whether it came.'
// The kinds of notices that are not about conditions.
const OTHER_KINDS: Readonly<Record<string, Readonly<{ one: string; many: string; page: string }>>> = {
  watch: { one: 'watched product', many: 'watched products', page: 'notices' },
  test: { one: 'test', many: 'tests', page: 'notices' },
}
const UNKNOWN_KIND = { one: 'notice', many: 'notices', page: 'notices' }

function kindWords(kind: string) {
  return conditionKind(kind) ?? OTHER_KINDS[kind] ?? UNKNOWN_KIND
}

// Replaces the texts of the notices, which may be why the receiver refused the previous message.
const SHORT_TEXT = 'What they say was refused; splitcart notices list has it, as has the page Notices.'

/** Options of a message. `repeats`: it may have been delivered before; `isShort`: without the texts of the notices. */
export type MessageOptions = Readonly<{ repeats: boolean; isShort: boolean; page: URL | undefined }>

/** Builds one message from notices. */
export function buildMessage(notices: readonly NoticeRecord[], { repeats, isShort, page }: MessageOptions): Message {
  const lines = [...(isShort ? [SHORT_TEXT] : noticeLines(notices)), ...(repeats ? [REPEAT_WARNING] : [])]
  return {
    isShort,
    id: `${notices[0]?.id ?? 0}-${notices.at(-1)?.id ?? 0}`,
    title: `SplitCart: ${titleOf(notices)}`,
    lines,
    isUrgent: notices.some(({ kind, is_over }) => is_over === 0 && conditionKind(kind)?.isUrgent === true),
    isAllOver: notices.every(({ is_over }) => is_over === 1),
    link: linkOf(notices, page),
    notices,
  }
}

function noticeLines(notices: readonly NoticeRecord[]): string[] {
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
      const words = kindWords(kind)
      if (is_over === 1) return `${those.length} ${conditionKind(kind)?.over ?? 'over'}`
      return `${those.length} ${those.length === 1 ? words.one : words.many}`
    })
    .join(', ')
}

/** Links to the page of their kind if all notices are of one kind; otherwise to the page of all notices. */
function linkOf(notices: readonly NoticeRecord[], page: URL | undefined): string | undefined {
  if (page === undefined) return undefined
  const kinds = new Set(notices.map(({ kind }) => kind))
  const [kind = ''] = kinds
  const path = kinds.size === 1 ? kindWords(kind).page : 'notices'
  return `${page.href.replace(/\/*$/, '')}/${path}`
}
