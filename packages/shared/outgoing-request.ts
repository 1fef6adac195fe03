/**
 * An HTTP request to a service of the user's choice, such as a heartbeat. Uses Node's http and https agents, which know
 * the proxies. It carries no API key of SplitCart and follows no redirects.
 */
import { type IncomingMessage, request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'

/** A request: POST with `json`, else GET. `token`: a bearer token of the service; `signal`: aborts the request. */
export type OutgoingRequest = Readonly<{
  json?: unknown
  answerMsMax: number
  token?: string | undefined
  signal?: AbortSignal | undefined
}>

/** Sends the request and returns the status of the response. Throws if none arrives within `answerMsMax`. */
export async function requestStatus(
  url: URL,
  { json, answerMsMax, token, signal: callerSignal }: OutgoingRequest,
): Promise<number> {
  const timeout = AbortSignal.timeout(answerMsMax)
  const signal = callerSignal === undefined ? timeout : AbortSignal.any([timeout, callerSignal])
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
    if (timeout.aborted) throw new Error(`nothing came within ${answerMsMax / 1000} s`, { cause })
    throw cause
  }
}
