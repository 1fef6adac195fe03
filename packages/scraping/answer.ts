/** Classifies responses: retry, refuse the file, or stop. Only responses of a SplitCart server are trusted. */
import {
  PROBLEMS,
  Problem,
  type ProblemDocument,
  problemDocumentIn,
  type Retry,
  retryOfStatus,
} from '@splitcart/shared/problem.ts'
import { type Answer, describeResponse, quotable } from './describe-response.ts'

/** Codes about a file's bytes or name. Other permanent errors are about a request that this client never sends. */
const FILE_REFUSAL_CODES = new Set<string>([
  'file_name_invalid',
  'body_too_large',
  'content_too_large',
  'ratio_too_large',
  'lines_too_many',
  'members_too_many',
])

/** Statuses that mean the file is refused when a newer server sends a code that is unknown here. */
const FILE_REFUSAL_STATUSES = new Set([400, 413, 415, 422])

/** Statuses of a SplitCart server with another base path; except with RIGHT_PATH_CODES. */
const WRONG_PATH_STATUSES = new Set([404, 405])
const RIGHT_PATH_CODES = new Set(['kind_unknown'])

/** An error response of a SplitCart server. */
export class AnswerError extends Error {
  override readonly name = 'AnswerError'
  readonly status: number
  readonly retry: Retry
  readonly document: ProblemDocument
  /** Minimum wait that the server asks for by Retry-After; 0 without one. */
  readonly retryAfterMs: number
  /** The Accept-Encoding header of a 415 response. */
  readonly acceptEncoding: string | null

  constructor({ status, headers }: Answer, document: ProblemDocument, now: number) {
    super(`${document.title}: ${document.detail}`)
    this.status = status
    this.document = document
    this.retry = problemKindOf(document)?.retry ?? retryOfStatus(status)
    this.retryAfterMs = parseRetryAfter(headers.get('retry-after'), now)
    this.acceptEncoding = headers.get('accept-encoding')
  }

  /** Whether the server will never accept these bytes as they are. */
  get refusesFile(): boolean {
    if (this.retry !== 'never') return false
    return problemKindOf(this.document) === undefined
      ? FILE_REFUSAL_STATUSES.has(this.status)
      : FILE_REFUSAL_CODES.has(this.document.code)
  }

  /** Whether the error fits no request sent by this client: a proxy or a bad disk has altered it. */
  get isAboutAlteredRequest(): boolean {
    return this.retry === 'never' && !this.refusesFile
  }

  /** Whether the server may accept the file in gzip instead. */
  get asksForGzip(): boolean {
    return this.rejectsEncoding('zstd')
  }

  /** Whether the server rejects this encoding but accepts others. */
  rejectsEncoding(encoding: 'zstd' | 'dcz'): boolean {
    if (this.status !== 415) return false
    return this.acceptEncoding === null
      ? this.document.code === 'encoding_unsupported'
      : !new RegExp(`\\b${encoding}\\b`, 'i').test(this.acceptEncoding)
  }
}

/** A response of a proxy, portal, firewall, or SplitCart server at another path: it proves nothing of file or key. */
export class ForeignResponse extends Problem {
  readonly status: number
  readonly retryAfterMs: number
  /** The problem document, if it is from a SplitCart server at another path. */
  readonly document: ProblemDocument | undefined

  constructor(answer: Answer, now: number, document?: ProblemDocument) {
    super('answer_unknown', describeForeignResponse(answer, document))
    this.status = answer.status
    this.retryAfterMs = parseRetryAfter(answer.headers.get('retry-after'), now)
    this.document = document
  }
}

/** Makes the error for an unsuccessful response. */
export function errorOfResponse(answer: Answer, now: number): AnswerError | ForeignResponse {
  const document = documentIn(answer)
  return document === undefined || (WRONG_PATH_STATUSES.has(answer.status) && !RIGHT_PATH_CODES.has(document.code))
    ? new ForeignResponse(answer, now, document)
    : new AnswerError(answer, document, now)
}

/** The problem document in a response; undefined if it is not from a SplitCart server. */
export function documentIn({ status, headers, text }: Answer): ProblemDocument | undefined {
  return problemDocumentIn({ status, contentType: headers.get('content-type'), text })
}

function describeForeignResponse(answer: Answer, document: ProblemDocument | undefined): string {
  const { url, status, headers } = answer
  if (status >= 300 && status < 400) {
    const where = quotable(headers.get('location') ?? '') || 'another address'
    return `${url} redirects to ${where}; redirects are never followed, the key would go with them`
  }
  const address = 'API_SERVER_URL is what stands in front of /api, such as https://data.example.org'
  if (document !== undefined)
    return `${url} answered ${status}: a SplitCart server is there, but not at this path; ${address}`
  return `${url} answered ${status} ${describeResponse(answer)}${status === 404 ? `: no SplitCart server is there; ${address}` : ''}`
}

/** The retry rule of an error; a bug in the program is never retried. */
export function retryRuleOf(error: unknown): Retry {
  if (error instanceof AnswerError) return error.retry
  return error instanceof Problem ? error.kind.retry : 'never'
}

/** Minimum wait in ms that the response asked for; 0 if none. */
export function requestedDelayMs(error: unknown): number {
  return error instanceof AnswerError || error instanceof ForeignResponse ? error.retryAfterMs : 0
}

/** Milliseconds of a Retry-After header, in whole seconds or as an HTTP date; 0 for anything else. */
export function parseRetryAfter(field: string | null, now: number): number {
  if (field === null) return 0
  if (/^\d+$/.test(field)) return Number(field) * 1000
  const time = Date.parse(field)
  return Number.isNaN(time) ? 0 : Math.max(0, time - now)
}

function problemKindOf({ code }: ProblemDocument): (typeof PROBLEMS)[keyof typeof PROBLEMS] | undefined {
  return Object.hasOwn(PROBLEMS, code) ? PROBLEMS[code as keyof typeof PROBLEMS] : undefined
}
