/** Asks the server, and turns whatever goes wrong into one kind of error that says what to do. */
import type { ProblemDocument } from '@splitcart/shared/problem.ts'

/** What a query string is made of; what is undefined is left out. */
export type Query = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>

/** A refusal of the server, or its silence. */
export class Refusal extends Error {
  override readonly name = 'Refusal'
  readonly problem: ProblemDocument

  constructor(problem: ProblemDocument) {
    super(`${problem.title}: ${problem.detail}`)
    this.problem = problem
  }
}

/** Reads JSON from an address of the API. */
export async function ask<T>(path: string, query: Query = {}, signal?: AbortSignal): Promise<T> {
  const answer = await fetched(addressOf(path, query), signal === undefined ? {} : { signal })
  return (await answer.json()) as T
}

/** Makes a request that changes something, and reads its JSON; `undefined` where the answer has none. `key`: for what a session may not do. */
export async function send<T>(
  method: 'POST' | 'PUT' | 'DELETE',
  path: string,
  body?: unknown,
  key?: string,
): Promise<T> {
  const headers = {
    ...(body !== undefined && { 'content-type': 'application/json' }),
    ...(key !== undefined && { 'x-api-key': key }),
  }
  const answer = await fetched(path, { method, headers, ...(body !== undefined && { body: JSON.stringify(body) }) })
  const text = await answer.text()
  return (text === '' ? undefined : JSON.parse(text)) as T
}

/** An address with its query string. A list becomes a parameter that is repeated. */
export function addressOf(path: string, query: Query): string {
  const parameters = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined) continue
    for (const each of Array.isArray(value) ? value : [value]) parameters.append(name, String(each))
  }
  return parameters.size === 0 ? path : `${path}?${parameters}`
}

async function fetched(address: string, init: RequestInit): Promise<Response> {
  let answer: Response
  try {
    answer = await fetch(address, init)
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error
    throw new Refusal(SILENCE)
  }
  if (answer.ok) return answer
  throw new Refusal(await problemIn(answer))
}

const SILENCE: ProblemDocument = {
  type: 'about:blank',
  status: 0,
  code: 'server_silent',
  title: 'The server does not answer',
  detail: 'no answer came to the request',
  todo: 'Nothing is lost. Look whether `splitcart serve` still runs; this page tries again by itself.',
}

async function problemIn(answer: Response): Promise<ProblemDocument> {
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
