/** A message of notices, as receivers get it. */
import type { NoticeRecord } from '../ledger/notice-outbox.ts'

/** A message, for whichever receiver. `id` is the same when the same notices are sent again. */
export type Message = Readonly<{
  id: string
  title: string
  lines: readonly string[]
  isUrgent: boolean
  /** What the notices say is left out. */
  isShort: boolean
  /** Everything in it is over. */
  isGood: boolean
  link: string | undefined
  notices: readonly NoticeRecord[]
}>

/** A message as one text. */
export function textOf({ lines, link }: Message): string {
  return [...lines, ...(link === undefined ? [] : [link])].join('\n')
}

/**
 * Words of others for whoever shows them: chat programs take `@` for a call to everybody, and addresses and `[…](…)` for links. An invisible
 * space keeps each of them from being one.
 */
export function inert(text: string): string {
  return text.replace(/@|:(?=\/\/)|\](?=\()/g, '$&\u200b')
}

/** The beginning of a text that is no more than so many bytes. */
export function cutTo(text: string, bytesMax: number): string {
  if (Buffer.byteLength(text) <= bytesMax) return text
  const cut = Buffer.from(text)
    .subarray(0, bytesMax - 3)
    .toString('utf8')
    .replace(/\ufffd+$/, '')
  return `${cut}…`
}
