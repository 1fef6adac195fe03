/**
 * A request to a service of the user's choice, such as a heartbeat: over the agents of http and https, which know the proxies. It carries
 * no key of ours, and no redirect is followed.
 */
import { type IncomingMessage, request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'

/** What is asked; `json` is sent by POST, nothing by GET. `token`: of the service that is asked; `signal`: ends it. */
export type Call = Readonly<{
  json?: unknown
  answerMsMax: number
  token?: string | undefined
  signal?: AbortSignal | undefined
}>

/** Asks, and gives the status of the answer. Throws when none comes in time. */
export async function callOut(url: URL, { json, answerMsMax, token, signal: ended }: Call): Promise<number> {
  const late = AbortSignal.timeout(answerMsMax)
  const signal = ended === undefined ? late : AbortSignal.any([late, ended])
  const request = url.protocol === 'https:' ? requestHttps : requestHttp
  const body = json === undefined ? undefined : JSON.stringify(json)
  const headers = {
    ...(body !== undefined && { 'Content-Type': 'application/json' }),
    ...(token !== undefined && { Authorization: `Bearer ${token}` }),
  }
  try {
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      const asking = request(url, { method: body === undefined ? 'GET' : 'POST', signal, headers }, resolve)
      asking.on('error', reject).end(body)
    })
    answer.on('error', () => {}).destroy()
    return answer.statusCode ?? 0
  } catch (cause) {
    if (late.aborted) throw new Error(`nothing came within ${answerMsMax / 1000} s`, { cause })
    throw cause
  }
}
