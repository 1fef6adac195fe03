/** Describes a response of another server for people: "with a page in HTML titled "Blocked", from nginx". */

/** A response, with its body read up to a limit. */
export type Answer = Readonly<{ url: string; status: number; headers: Headers; text: string }>

const QUOTED_CHARACTERS_MAX = 100

/** Describes a response, as the end of a sentence. */
export function describeResponse(answer: Pick<Answer, 'headers' | 'text'>): string {
  const from = quotable(answer.headers.get('server') ?? answer.headers.get('via') ?? '')
  return from === '' ? describeContent(answer) : `${describeContent(answer)}, from ${from}`
}

/** Untrusted text on one line: without control or bidirectional formatting characters, and truncated. */
export function quotable(text: string): string {
  const line = text.replace(/[\p{C}\p{Zl}\p{Zp}\s]+/gu, ' ').trim()
  return line.length <= QUOTED_CHARACTERS_MAX ? line : `${line.slice(0, QUOTED_CHARACTERS_MAX)}…`.toWellFormed()
}

function describeContent({ headers, text }: Pick<Answer, 'headers' | 'text'>): string {
  const [mediaType = ''] = (headers.get('content-type') ?? '').split(';')
  if (text.trim() === '') return 'without a body'
  if (/html/i.test(mediaType) || /^\s*<(!doctype|html)/i.test(text)) return `with a page in HTML${titleIn(text)}`
  if (/json/i.test(mediaType)) return 'with JSON of another shape'
  if (/^text\/plain/i.test(mediaType)) return `with the text "${quotable(text)}"`
  return mediaType === '' ? 'with a body of no type' : `with a body of the type ${quotable(mediaType)}`
}

function titleIn(page: string): string {
  const title = quotable(/<title[^>]*>([^<]*)/i.exec(page)?.[1] ?? '')
  return title === '' ? '' : ` titled "${title}"`
}
