/** Sends requests to the API, and turns every failure into one kind of error that says what to do. */
import type { ProblemDocument } from '@splitcart/shared/problem.ts'

/** Query parameters; those that are undefined are left out. */
export type QueryParameters = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>

/** The error of a request: the server's problem document, or status 0 if the server did not answer. */
export class ApiError extends Error {
  override readonly name = 'Refusal'
  readonly problem: ProblemDocument

  constructor(problem: ProblemDocument) {
    super(`${problem.title}: ${problem.detail}`)
    this.problem = problem
  }
}

/** Gets JSON from a path of the API. Throws `ApiError`. */
export async function getJson<T>(path: string, query: QueryParameters = {}, signal?: AbortSignal): Promise<T> {
  const answer = await fetchOrThrow(urlWithQuery(path, query), signal === undefined ? {} : { signal })
  return (await answer.json()) as T
}

/** Sends a request that changes data; returns the JSON answer, if any. `key`: for what a session may not do. */
export async function sendJson<T>(
  method: 'POST' | 'PUT' | 'DELETE',
  path: string,
  body?: unknown,
  key?: string,
): Promise<T> {
  const headers = {
    ...(body !== undefined && { 'content-type': 'application/json' }),
    ...(key !== undefined && { 'x-api-key': key }),
  }
  const answer = await fetchOrThrow(path, {
    method,
    headers,
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  const text = await answer.text()
  return (text === '' ? undefined : JSON.parse(text)) as T
}

/** A path with its query string. A list becomes a repeated parameter. */
export function urlWithQuery(path: string, query: QueryParameters): string {
  const parameters = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined) continue
    for (const each of Array.isArray(value) ? value : [value]) parameters.append(name, String(each))
  }
  return parameters.size === 0 ? path : `${path}?${parameters}`
}

async function fetchOrThrow(address: string, init: RequestInit): Promise<Response> {
  let answer: Response
  try {
    answer = await fetch(address, init)
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error
    throw new ApiError(NO_ANSWER)
  }
  if (answer.ok) return answer
  throw new ApiError(await readProblem(answer))
}

const NO_ANSWER: ProblemDocument = {
  type: 'about:blank',
  status: 0,
  code: 'server_silent',
  title: 'The server does not answer',
  detail: 'no answer came to the request',
  todo: 'Nothing is lost. Look whether `splitcart serve` still runs; this page tries again by itself.',
}

async function readProblem(answer: Response): Promise<ProblemDocument> {
  const document: unknown = await answer.json().catch(() => undefined)
  if (isProblem(document)) return document
  return {
    type: 'about:blank',
    status: answer.status,
    code: 'answer_unknown',
    title: `The server, or something before it, answered ${answer.status}`,
    detail: answer.statusText,
    todo: 'Look into the log of the server and of the proxy before it.',
  }
}

function isProblem(document: unknown): document is ProblemDocument {
  const fields = document as Partial<ProblemDocument> | undefined | null
  return typeof fields?.code === 'string' && typeof fields.title === 'string' && typeof fields.todo === 'string'
}
