/** Server requests of `connect` and `disconnect`: exchange a one-time code for a key, and revoke the own key. */

import { isLoopback } from '@splitcart/shared/loopback.ts'
import { PROBLEMS, Problem } from '@splitcart/shared/problem.ts'
import { resourceUrl } from '@splitcart/shared/settings.ts'
import { jsonOrUndefined } from '@splitcart/shared/text.ts'
import { AnswerError, type ForeignResponse } from './answer.ts'
import { errorOf, readText, sendRequest, unexpectedContent } from './exchange.ts'
import { IdleTimeout } from './idle-timeout.ts'

const ANSWER_MS_MAX = 30_000
const CREATED = 201
const OK = 200

/** A key of this machine's own, with its id and name on the server. */
export type OwnKey = Readonly<{ key: string; id: string; name: string }>

/** Exchanges a one-time code for a key. Throws the server's error about the code. */
export async function redeemCode(server: URL, code: string): Promise<OwnKey> {
  const headers = { 'Content-Type': 'application/json' }
  const init = { method: 'POST', headers, body: JSON.stringify({ code }) }
  const answer = await requestJson({ server, path: 'api/invitations/take', status: CREATED }, init)
  const { key, id, name } = answer.body
  if (typeof key !== 'string' || typeof id !== 'string' || typeof name !== 'string') throw answer.strange()
  return { key, id, name }
}

/** Revokes a key for ever, authenticated by the key itself. */
export async function revokeOwnKey(server: URL, key: string): Promise<void> {
  await requestJson({ server, key, path: 'api/keys/self/revoke', status: OK }, { method: 'POST' })
}

type Request = Readonly<{ server: URL; path: string; status: number; key?: string }>

async function requestJson({ server, path, status, ...client }: Request, init: RequestInit) {
  // A code must be protected like the key: it can be exchanged for one.
  if (server.protocol !== 'https:' && !isLoopback(server.hostname))
    throw new Problem(
      'settings_invalid',
      `\n  API_SERVER_URL: expected https for another machine, got "${server.origin}": the key would be readable on the way`,
    )
  const url = resourceUrl(server, path)
  using idle = new IdleTimeout(ANSWER_MS_MAX)
  const response = await sendRequest(client, idle, url, init)
  const text = await readText(idle, response)
  if (response.status !== status) throw problemOf(errorOf(response, url, text))
  return { body: fieldsIn(text), strange: () => unexpectedContent(response, url, text) }
}

/** Converts an error response to a Problem; an unknown code is one of a newer server. */
function problemOf(fault: AnswerError | ForeignResponse): Error {
  if (!(fault instanceof AnswerError)) return fault
  const { code, detail } = fault.document
  return Object.hasOwn(PROBLEMS, code)
    ? new Problem(code as keyof typeof PROBLEMS, detail)
    : new Problem('server_unreachable', fault.message)
}

function fieldsIn(text: string): Record<string, unknown> {
  return Object(jsonOrUndefined(text))
}
