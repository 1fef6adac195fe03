/** A failure that was foreseen, as it is thrown and as it travels (RFC 9457); all of them are in problems.ts. */
import { masked } from './masked.ts'
import type { Kind, Retry } from './problem-kind.ts'
import { PROBLEMS } from './problems.ts'

export type { Retry } from './problem-kind.ts'
export { PROBLEMS } from './problems.ts'

export type ProblemCode = keyof typeof PROBLEMS

/** A failure that was foreseen: it has a row in the table. Anything else that is thrown is a mistake in the program. */
export class Problem extends Error {
  override readonly name = 'Problem'
  readonly code: ProblemCode
  /** What happened this time, as a sentence; the title where there is no more to say. */
  readonly detail: string
  /** When to try again, where it is known better than its kind tells. */
  readonly retryAfterSeconds: number | undefined

  constructor(code: ProblemCode, detail?: string, options?: ErrorOptions & { retryAfterSeconds?: number }) {
    const shown = detail === undefined ? undefined : masked(detail)
    super(`${PROBLEMS[code].title}${shown === undefined ? '' : `: ${shown}`}`, options)
    this.code = code
    this.detail = shown ?? PROBLEMS[code].title
    this.retryAfterSeconds = options?.retryAfterSeconds
  }

  get kind(): Kind {
    return PROBLEMS[this.code]
  }
}

/** A problem as it travels: `application/problem+json` of RFC 9457, with the `code` and what to do about it. */
export type ProblemDocument = Readonly<{
  type: string
  status: number
  code: string
  title: string
  detail: string
  todo: string
  /** Names this one answer of a server, whose log has the same id. */
  instance?: string
}>

export const PROBLEM_MEDIA_TYPE = 'application/problem+json'
const PROBLEM_TYPE = 'urn:splitcart:problem:'

/** The document that says what a problem is to whoever made the request, which may have an id. */
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

/** What is looked at of an answer to tell whose it is. */
type Seen = Readonly<{ status: number; contentType: string | null; text: string }>

/**
 * The problem document of an answer, or `undefined` when it is not one of a SplitCart server (a proxy's error page, the problem of
 * another program). Its media type, its status and its `type`, which names SplitCart, must all agree.
 */
export function problemDocumentIn({ status, contentType, text }: Seen): ProblemDocument | undefined {
  const [mediaType = ''] = (contentType ?? '').split(';')
  if (mediaType.trim().toLowerCase() !== PROBLEM_MEDIA_TYPE) return undefined
  const document = jsonIn(text)
  const said = ['type', 'code', 'title', 'detail', 'todo'].every((name) => typeof document?.[name] === 'string')
  const isOurs = said && document.type === `${PROBLEM_TYPE}${document.code}` && document.status === status
  return isOurs ? document : undefined
}

function jsonIn(text: string) {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** What a sender does with an HTTP status where no code says it: one of a newer server, or of a stranger. */
export function retryOfStatus(status: number): Retry {
  if (status === 401 || status === 403) return 'stop'
  if (status === 507) return 'slowly'
  if (status === 408 || status === 425 || status === 429 || (status >= 500 && status !== 501)) return 'soon'
  return 'never'
}
