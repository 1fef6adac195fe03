/** Fetches from the server the references that a scrape would be compared with. */
import { isLoopback } from '@splitcart/shared/loopback.ts'
import { Problem } from '@splitcart/shared/problem.ts'
import { resourceUrl } from '@splitcart/shared/settings.ts'
import { AnswerError, errorOfResponse } from './answer.ts'
import type { Baseline } from './check-file.ts'
import { connectionFault } from './connection-fault.ts'

const WAIT_MS_MAX = 30_000

/** The store and date of the scrape. */
export type RequestedScrape = Readonly<{ company: string; store: string; date: string }>

/** Fetches the baseline of a chain. The key goes only to this address, and over plain http only on loopback. */
export async function fetchBaseline(
  server: URL,
  key: string,
  { company, store, date }: RequestedScrape,
): Promise<Baseline> {
  if (server.protocol !== 'https:' && !isLoopback(server.hostname))
    throw new Problem('settings_invalid', `\n  --against: expected https for another machine, got "${server.origin}"`)
  const url = resourceUrl(server, 'api/references')
  url.search = new URLSearchParams({ company, store_id: store, date }).toString()
  const answer = await requestBaseline(url, key)
  const text = await answer.text()
  if (!answer.ok)
    throw errorOfResponse({ status: answer.status, headers: answer.headers, text, url } as never, Date.now())
  // Older servers do not send beliefs.
  const { references, beliefs = [] } = JSON.parse(text) as Pick<Baseline, 'references'> & Partial<Baseline>
  return { references, beliefs }
}

/**
 * The same, but undefined if the server is away or the key lacks permission. Such an error is not reported here:
 * sending the file next will report it.
 */
export async function fetchBaselineIfAvailable(
  server: URL,
  key: string,
  asked: RequestedScrape,
): Promise<Baseline | undefined> {
  try {
    return await fetchBaseline(server, key, asked)
  } catch (error) {
    if (error instanceof Problem || error instanceof AnswerError) return undefined
    throw error
  }
}

async function requestBaseline(url: URL, key: string): Promise<Response> {
  try {
    const signal = AbortSignal.timeout(WAIT_MS_MAX)
    return await fetch(url, { headers: { 'X-API-Key': key }, redirect: 'manual', signal })
  } catch (cause) {
    throw connectionFault(url, cause, Date.now())
  }
}
