/** What an answer means for the file that was sent: to be tried again, refused, or a reason to stop. Only SplitCart's own count. */
import {
  PROBLEMS,
  Problem,
  type ProblemDocument,
  problemDocumentIn,
  type Retry,
  retryOfStatus,
} from '@splitcart/shared/problem.ts'
import { type Answer, descriptionOf, quoted } from './strange-answer.ts'

/** What speaks of the bytes or the name of a file. What else our server calls wrong with a request, no request of ours is. */
const FINAL = new Set<string>([
  'file_name_invalid',
  'body_too_large',
  'content_too_large',
  'ratio_too_large',
  'lines_too_many',
  'members_too_many',
])

/** The statuses that speak of the file when a newer server gives a reason that is not known here. */
const REFUSING = new Set([400, 413, 415, 422])

/** Says that a SplitCart server is there, but not at this address: unless it knows the address, and not the kind. */
const ELSEWHERE = new Set([404, 405])
const HERE = new Set(['kind_unknown'])

/** A SplitCart server says no, and why. */
export class AnswerError extends Error {
  override readonly name = 'AnswerError'
  readonly status: number
  readonly retry: Retry
  readonly document: ProblemDocument
  /** How long the server asks to wait, at least. */
  readonly retryAfterMs: number
  /** The Accept-Encoding field of a 415. */
  readonly acceptEncoding: string | null

  constructor({ status, headers }: Answer, document: ProblemDocument, now: number) {
    super(`${document.title}: ${document.detail}`)
    this.status = status
    this.document = document
    this.retry = kindOf(document)?.retry ?? retryOfStatus(status)
    this.retryAfterMs = retryAfterMs(headers.get('retry-after'), now)
    this.acceptEncoding = headers.get('accept-encoding')
  }

  /** Whether these bytes will never be taken as they are. */
  get refuses(): boolean {
    if (this.retry !== 'never') return false
    return kindOf(this.document) === undefined ? REFUSING.has(this.status) : FINAL.has(this.document.code)
  }

  /** Whether it speaks of a request that is not the one that was sent: something on the way, or a bad disk, has changed it. */
  get saysAltered(): boolean {
    return this.retry === 'never' && !this.refuses
  }

  /** Whether the same file in gzip may be taken. */
  get asksForGzip(): boolean {
    return this.lacks('zstd')
  }

  /** Whether an encoding is not taken, and others are. */
  lacks(encoding: 'zstd' | 'dcz'): boolean {
    if (this.status !== 415) return false
    return this.acceptEncoding === null
      ? this.document.code === 'encoding_unsupported'
      : !new RegExp(`\\b${encoding}\\b`, 'i').test(this.acceptEncoding)
  }
}

/** An answer of somebody else: a proxy, a portal, a firewall, or a SplitCart server at another address. It says nothing of file or key. */
export class StrangeAnswer extends Problem {
  readonly status: number
  readonly retryAfterMs: number
  /** What a SplitCart server says that is not at this address. */
  readonly document: ProblemDocument | undefined

  constructor(answer: Answer, now: number, document?: ProblemDocument) {
    super('answer_unknown', sentenceOf(answer, document))
    this.status = answer.status
    this.retryAfterMs = retryAfterMs(answer.headers.get('retry-after'), now)
    this.document = document
  }
}

/** The error for an answer without what was asked for. */
export function faultOfAnswer(answer: Answer, now: number): AnswerError | StrangeAnswer {
  const document = documentIn(answer)
  return document === undefined || (ELSEWHERE.has(answer.status) && !HERE.has(document.code))
    ? new StrangeAnswer(answer, now, document)
    : new AnswerError(answer, document, now)
}

/** The problem document of an answer, where it is one of a SplitCart server. */
export function documentIn({ status, headers, text }: Answer): ProblemDocument | undefined {
  return problemDocumentIn({ status, contentType: headers.get('content-type'), text })
}

function sentenceOf(answer: Answer, document: ProblemDocument | undefined): string {
  const { url, status, headers } = answer
  if (status >= 300 && status < 400) {
    const where = quoted(headers.get('location') ?? '') || 'another address'
    return `${url} redirects to ${where}; redirects are never followed, the key would go with them`
  }
  const address = 'API_SERVER_URL is what stands in front of /api, such as https://data.example.org'
  if (document !== undefined)
    return `${url} answered ${status}: a SplitCart server is there, but not at this path; ${address}`
  return `${url} answered ${status} ${descriptionOf(answer)}${status === 404 ? `: no SplitCart server is there; ${address}` : ''}`
}

/** What a sender does about an error: a mistake in the program is never tried again. */
export function retryOf(error: unknown): Retry {
  if (error instanceof AnswerError) return error.retry
  return error instanceof Problem ? error.kind.retry : 'never'
}

/** How long the other side asked to wait, at least. */
export function retryAfterOf(error: unknown): number {
  return error instanceof AnswerError || error instanceof StrangeAnswer ? error.retryAfterMs : 0
}

/** The milliseconds of a Retry-After field: whole seconds or an HTTP date; 0 for anything else. */
export function retryAfterMs(field: string | null, now: number): number {
  if (field === null) return 0
  if (/^\d+$/.test(field)) return Number(field) * 1000
  const time = Date.parse(field)
  return Number.isNaN(time) ? 0 : Math.max(0, time - now)
}

function kindOf({ code }: ProblemDocument): (typeof PROBLEMS)[keyof typeof PROBLEMS] | undefined {
  return Object.hasOwn(PROBLEMS, code) ? PROBLEMS[code as keyof typeof PROBLEMS] : undefined
}
