/** Tests whether requests reach the SplitCart server, after a suspicious response. */
import { Problem } from '@splitcart/shared/problem.ts'
import { resourceUrl } from '@splitcart/shared/settings.ts'
import { ForeignResponse } from './answer.ts'
import { errorOf, readText, type ServerAccess, sendRequest, unexpectedContent } from './exchange.ts'
import { isUploadList } from './files-client.ts'
import { IdleTimeout } from './idle-timeout.ts'

/** `server`: the SplitCart server; `stranger`: a proxy or other server; `nobody`: no connection. */
export type Respondent = 'server' | 'stranger' | 'nobody'

/** Whether no connection could be made. */
export function isUnreachable(error: unknown): boolean {
  return error instanceof Problem && error.code === 'server_unreachable'
}

/** Sends an empty upload: a SplitCart error response to it proves that uploads reach the server. */
export async function probeServer({
  server,
  key,
  kind,
  idleMsMax,
}: ServerAccess & Readonly<{ kind: string }>): Promise<Respondent> {
  using idle = new IdleTimeout(idleMsMax)
  const url = resourceUrl(server, `api/upload/${kind}/`)
  try {
    const response = await sendRequest({ key }, idle, url, { method: 'POST' })
    const fault = errorOf(response, url, await readText(idle, response))
    if (fault instanceof ForeignResponse) return 'stranger'
    if (fault.retry === 'never' || fault.status === 429) return 'server'
    throw fault
  } catch (error) {
    if (isUnreachable(error)) return 'nobody'
    throw error
  }
}

/** Throws unless a SplitCart server is at exactly this address: under a wrong path, every upload looks unknown. */
export async function requireUploadsPath(client: ServerAccess): Promise<void> {
  using idle = new IdleTimeout(client.idleMsMax)
  const url = resourceUrl(client.server, 'api/uploads')
  url.searchParams.set('limit', '1')
  const response = await sendRequest(client, idle, url, {})
  const text = await readText(idle, response)
  if (response.status !== 200) throw errorOf(response, url, text)
  if (!isUploadList(text)) throw unexpectedContent(response, url, text)
}
