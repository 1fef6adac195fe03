/** Expected failures ("problems"): as thrown, and as sent over HTTP (RFC 9457). problems.ts lists all of them. */
import { maskKeys } from './mask-keys.ts'
import type { ProblemKind, Retry } from './problem-kind.ts'
import { PROBLEMS } from './problems.ts'
import { jsonOrUndefined } from './text.ts'

export type { Retry } from './problem-kind.ts'
export { PROBLEMS } from './problems.ts'

export type ProblemCode = keyof typeof PROBLEMS

/** An expected failure, with an entry in `PROBLEMS`. Any other error that is thrown is a bug in the program. */
export class Problem extends Error {
  override readonly name = 'Problem'
  readonly code: ProblemCode
  /** What happened in this case, as a sentence; defaults to the title. */
  readonly detail: string
  /** When to retry, if this is known more precisely than from the kind of the problem. */
  readonly retryAfterSeconds: number | undefined

  constructor(code: ProblemCode, detail?: string, options?: ErrorOptions & { retryAfterSeconds?: number }) {
    const shown = detail === undefined ? undefined : maskKeys(detail)
    super(`${PROBLEMS[code].title}${shown === undefined ? '' : `: ${shown}`}`, options)
    this.code = code
    this.detail = shown ?? PROBLEMS[code].title
    this.retryAfterSeconds = options?.retryAfterSeconds
  }

  get kind(): ProblemKind {
    return PROBLEMS[this.code]
  }
}

/** A problem as sent over HTTP: `application/problem+json` of RFC 9457, with its `code` and what to do about it. */
export type ProblemDocument = Readonly<{
  type: string
  status: number
  code: string
  title: string
  detail: string
  todo: string
  /** The id of the request, as in the server's log. */
  instance?: string
}>

export const PROBLEM_MEDIA_TYPE = 'application/problem+json'
const PROBLEM_TYPE = 'urn:splitcart:problem:'

/** The problem document of a response; `requestId` becomes its `instance`. */
export function toProblemDocument(problem: Problem, requestId?: string): ProblemDocument {
  const { status, title, todo } = problem.kind
  return {
    type: `${PROBLEM_TYPE}${problem.code}`,
    status,
    code: problem.code,
    title,
    detail: problem.detail,
    todo,
    ...(requestId !== undefined && { instance: `urn:uuid:${requestId}` }),
  }
}

/** The parts of a response that show whether a SplitCart server sent it. */
type ReceivedResponse = Readonly<{ status: number; contentType: string | null; text: string }>

/**
 * The problem document in a response; undefined if it is not from a SplitCart server (a proxy's error page, another
 * program's problem). Its media type, its status and its `type`, which names SplitCart, must all match.
 */
export function problemDocumentIn({ status, contentType, text }: ReceivedResponse): ProblemDocument | undefined {
  const [mediaType = ''] = (contentType ?? '').split(';')
  if (mediaType.trim().toLowerCase() !== PROBLEM_MEDIA_TYPE) return undefined
  const document = Object(jsonOrUndefined(text))
  const said = ['type', 'code', 'title', 'detail', 'todo'].every((name) => typeof document[name] === 'string')
  const isOurs = said && document.type === `${PROBLEM_TYPE}${document.code}` && document.status === status
  return isOurs ? document : undefined
}

/** How a sender reacts to an HTTP status without a known problem code: from a newer server, or from another program. */
export function retryOfStatus(status: number): Retry {
  if (status === 401 || status === 403) return 'stop'
  if (status === 507) return 'slowly'
  if (status === 408 || status === 425 || status === 429 || (status >= 500 && status !== 501)) return 'soon'
  return 'never'
}
