/** A message of notices, as receivers get it. */
import type { NoticeRecord } from '../ledger/notice-outbox.ts'

/** A message, for whichever receiver. `id` is the same when the same notices are sent again. */
export type Message = Readonly<{
  id: string
  title: string
  lines: readonly string[]
  isUrgent: boolean
  /** The texts of the notices are left out. */
  isShort: boolean
  /** All of its conditions are over. */
  isGood: boolean
  link: string | undefined
  notices: readonly NoticeRecord[]
}>

/** A message as one text. */
export function textOf({ lines, link }: Message): string {
  return [...lines, ...(link === undefined ? [] : [link])].join('\n')
}

/**
 * Makes text from outside harmless in chat programs, which take `@` for a mention, and addresses and `[…](…)` for
 * links: an invisible space is put into each.
 */
export function inert(text: string): string {
  return text.replace(/@|:(?=\/\/)|\](?=\()/g, '$&\u200b')
}

/** The text, or its beginning and …, so that it fits into `bytesMax` bytes. */
export function cutTo(text: string, bytesMax: number): string {
  if (Buffer.byteLength(text) <= bytesMax) return text
  const cut = Buffer.from(text)
    .subarray(0, bytesMax - 3)
    .toString('utf8')
    .replace(/\ufffd+$/, '')
  return `${cut}…`
}
