/** What an answer of the server means for the file that was sent: to be tried again, refused, or a reason to stop. */
import {
  PROBLEMS,
  Problem,
  type ProblemDocument,
  parseProblemDocument,
  type Retry,
  retryOfStatus,
} from '@splitcart/shared/problem.ts'

/** The statuses that speak of the file itself: the server will never take these bytes as they are. */
const REFUSING = new Set([400, 413, 415, 422])

/** An answer that says no, and why where it says so. */
export class AnswerError extends Error {
  override readonly name = 'AnswerError'
  readonly status: number
  readonly retry: Retry
  readonly document: ProblemDocument | undefined
  /** How long the server asks to wait, at least. */
  readonly retryAfterMs: number
  /** The Accept-Encoding field of a 415. */
  readonly acceptEncoding: string | null

  constructor(answer: Answer, now: number) {
    const document = parseProblemDocument(answer.text)
    super(document === undefined ? `The server answered ${answer.status}` : `${document.title}: ${document.detail}`)
    this.status = answer.status
    this.document = document
    this.retry = kindOf(document)?.retry ?? retryOfStatus(answer.status)
    this.retryAfterMs = retryAfterMs(answer.headers.get('retry-after'), now)
    this.acceptEncoding = answer.headers.get('accept-encoding')
  }

  /** Whether these bytes will never be taken as they are. */
  get refuses(): boolean {
    return this.retry === 'never' && (REFUSING.has(this.status) || kindOf(this.document) !== undefined)
  }

  /** Whether the same file in gzip may be taken. */
  get asksForGzip(): boolean {
    if (this.status !== 415) return false
    return this.acceptEncoding === null
      ? this.document?.code === 'encoding_unsupported'
      : !/zstd/i.test(this.acceptEncoding)
  }
}

/** An answer that was read whole. */
export type Answer = Readonly<{ url: string; status: number; headers: Headers; text: string }>

/** The error for an answer without a receipt. One that no SplitCart server gives (a redirect, a wrong address) is `answer_unknown`. */
export function faultOfAnswer(answer: Answer, now: number): AnswerError | Problem {
  const { url, status, headers } = answer
  if (status >= 300 && status < 400) {
    const where = headers.get('location') ?? 'another address'
    return new Problem(
      'answer_unknown',
      `${url} redirects to ${where}; redirects are never followed, the key would go with them`,
    )
  }
  const fault = new AnswerError(answer, now)
  // A wrong address says nothing about the file: it must not end in product_refused.
  const isAboutAddress = status === 404 || status === 405
  if (status < 300 || isAboutAddress || (fault.retry === 'never' && !fault.refuses))
    return new Problem('answer_unknown', `${url} answered ${status}${hintOf(status, fault.document)}`)
  return fault
}

function hintOf(status: number, document: ProblemDocument | undefined): string {
  if (status !== 404) return ''
  return document?.code === 'not_found'
    ? ': a SplitCart server is there, but not at this path; API_SERVER_URL is what stands in front of /api, such as https://data.example.org'
    : ': no SplitCart server is there; API_SERVER_URL is what stands in front of /api, such as https://data.example.org'
}

/** What a sender does about an error: a mistake in the program is never tried again. */
export function retryOf(error: unknown): Retry {
  if (error instanceof AnswerError) return error.retry
  return error instanceof Problem ? error.kind.retry : 'never'
}

/** The milliseconds of a Retry-After field: whole seconds or an HTTP date; 0 for anything else. */
export function retryAfterMs(field: string | null, now: number): number {
  if (field === null) return 0
  if (/^\d+$/.test(field)) return Number(field) * 1000
  const time = Date.parse(field)
  return Number.isNaN(time) ? 0 : Math.max(0, time - now)
}

function kindOf(document: ProblemDocument | undefined): (typeof PROBLEMS)[keyof typeof PROBLEMS] | undefined {
  if (document === undefined || !Object.hasOwn(PROBLEMS, document.code)) return undefined
  return PROBLEMS[document.code as keyof typeof PROBLEMS]
}
