/** A message with notices, for any receiver. */
import type { NoticeRecord } from '../ledger/notice-outbox.ts'

/** A message to a receiver. `id` is the same when the same notices are sent again. */
export type Message = Readonly<{
  id: string
  title: string
  lines: readonly string[]
  isUrgent: boolean
  /** `lines` does not contain the texts of the notices. */
  isShort: boolean
  /** All conditions in it are over. */
  isAllOver: boolean
  link: string | undefined
  notices: readonly NoticeRecord[]
}>

/** The lines of a message and its link, as one text. */
export function messageText({ lines, link }: Message): string {
  return [...lines, ...(link === undefined ? [] : [link])].join('\n')
}

/**
 * Breaks mentions (`@`), addresses and Markdown links (`[…](…)`) in untrusted text with an invisible space, so that
 * chat programs show them as plain text.
 */
export function escapeForChat(text: string): string {
  return text.replace(/@|:(?=\/\/)|\](?=\()/g, '$&\u200b')
}

/** Shortens a text to `bytesMax` bytes of UTF-8; a shortened text ends with `…`. */
export function truncateToBytes(text: string, bytesMax: number): string {
  if (Buffer.byteLength(text) <= bytesMax) return text
  const cut = Buffer.from(text)
    .subarray(0, bytesMax - 3)
    .toString('utf8')
    .replace(/\ufffd+$/, '')
  return `${cut}…`
}
