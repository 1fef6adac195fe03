/** What is sent: one message of all notices that wait. */
import type { NoticeRecord } from '../ledger/notice-outbox.ts'
import { kindOf } from './conditions.ts'
import type { Message } from './message.ts'

const LINES_MAX = 40
const REPEATS = 'This may have been told before: the server ended while it was sent.'
// Of notices that are no conditions.
const OTHERS: Readonly<Record<string, Readonly<{ one: string; many: string }>>> = {
  watch: { one: 'watched product', many: 'watched products' },
  test: { one: 'test', many: 'tests' },
}
const ANY = { one: 'notice', many: 'notices' }

/** Puts notices together. */
export function messageOf(notices: readonly NoticeRecord[], repeats: boolean, page: URL | undefined): Message {
  const shown = notices.slice(0, LINES_MAX).map(({ text }) => text)
  const more = notices.length - shown.length
  const lines = [...shown, ...(more > 0 ? [`and ${more} more`] : []), ...(repeats ? [REPEATS] : [])]
  return {
    id: `${notices[0]?.id ?? 0}-${notices.at(-1)?.id ?? 0}`,
    title: `SplitCart: ${titleOf(notices)}`,
    lines,
    isUrgent: notices.some(({ kind, is_over }) => is_over === 0 && kindOf(kind)?.isUrgent === true),
    isGood: notices.every(({ is_over }) => is_over === 1),
    link: linkOf(notices, page),
    notices,
  }
}

/** How many of what, such as "2 uploads held, 1 source silent". */
function titleOf(notices: readonly NoticeRecord[]): string {
  const groups = Map.groupBy(notices, ({ kind, is_over }) => JSON.stringify([kind, is_over]))
  return [...groups.values()]
    .map((those) => {
      const { kind, is_over } = those[0]!
      const words = kindOf(kind) ?? OTHERS[kind] ?? ANY
      if (is_over === 1) return `${those.length} ${kindOf(kind)?.over ?? 'over'}`
      return `${those.length} ${those.length === 1 ? words.one : words.many}`
    })
    .join(', ')
}

const PAGES: Readonly<Record<string, string>> = {
  held: 'holds',
  failed: 'uploads?state=failed',
  findings: 'findings',
  silent: 'sources?state=silent',
  key: 'keys',
  watch: 'notices',
}

/** The page that shows them, where all are of one kind; else that of all notices. */
function linkOf(notices: readonly NoticeRecord[], page: URL | undefined): string | undefined {
  if (page === undefined) return undefined
  const kinds = new Set(notices.map(({ kind }) => kind))
  const [kind = ''] = kinds
  const path = kinds.size === 1 ? (PAGES[kind] ?? 'system') : 'notices'
  return `${page.href.replace(/\/*$/, '')}/${path}`
}
