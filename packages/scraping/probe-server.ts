/** Tests whether requests reach the SplitCart server, after a suspicious response. */
import { Problem } from '@splitcart/shared/problem.ts'
import { resourceUrl } from '@splitcart/shared/settings.ts'
import { ForeignResponse } from './answer.ts'
import { ask, faultOf, readText, strangeAnswer } from './exchange.ts'
import { Idle } from './idle.ts'

/** `server`: the SplitCart server; `stranger`: a proxy or other server; `nobody`: no connection. */
export type Respondent = 'server' | 'stranger' | 'nobody'

/** Whether no connection could be made. */
export function isUnreachable(error: unknown): boolean {
  return error instanceof Problem && error.code === 'server_unreachable'
}

type Asking = Readonly<{ server: URL; key: string; kind: string; idleMsMax: number }>

/** Sends an empty upload: a SplitCart error response to it proves that uploads reach the server. */
export async function probeServer({ server, key, kind, idleMsMax }: Asking): Promise<Respondent> {
  using idle = new Idle(idleMsMax)
  const url = resourceUrl(server, `api/upload/${kind}/`)
  try {
    const response = await ask({ key }, idle, url, { method: 'POST' })
    const fault = faultOf(response, url, await readText(idle, response))
    if (fault instanceof ForeignResponse) return 'stranger'
    if (fault.retry === 'never' || fault.status === 429) return 'server'
    throw fault
  } catch (error) {
    if (isUnreachable(error)) return 'nobody'
    throw error
  }
}

/** Throws unless a SplitCart server is at exactly this address: under a wrong path, every upload looks unknown. */
export async function mustHaveUploads(client: Asking): Promise<void> {
  using idle = new Idle(client.idleMsMax)
  const url = resourceUrl(client.server, 'api/uploads')
  url.searchParams.set('limit', '1')
  const response = await ask(client, idle, url, {})
  const text = await readText(idle, response)
  if (response.status !== 200) throw faultOf(response, url, text)
  if (!isList(text)) throw strangeAnswer(response, url, text)
}

function isList(text: string): boolean {
  try {
    return Array.isArray(JSON.parse(text)?.uploads)
  } catch {
    return false
  }
}
