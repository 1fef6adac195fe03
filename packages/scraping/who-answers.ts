/** Whether it is the server that answers, where something looks as if it were not. */
import { Problem } from '@splitcart/shared/problem.ts'
import { urlOf } from '@splitcart/shared/settings.ts'
import { StrangeAnswer } from './answer.ts'
import { ask, faultOf, readText, strangeAnswer } from './exchange.ts'
import { Idle } from './idle.ts'

/** The server itself, somebody else, or nobody. */
export type Answerer = 'server' | 'stranger' | 'nobody'

/** Whether nobody could be reached. */
export function isUnreachable(error: unknown): boolean {
  return error instanceof Problem && error.code === 'server_unreachable'
}

type Asking = Readonly<{ server: URL; key: string; kind: string; idleMsMax: number }>

/** Asks the server to take nothing: when it says in its own words that there is nothing to take, uploads reach it. */
export async function whoAnswers({ server, key, kind, idleMsMax }: Asking): Promise<Answerer> {
  using idle = new Idle(idleMsMax)
  const url = urlOf(server, `api/upload/${kind}/`)
  try {
    const response = await ask({ key }, idle, url, { method: 'POST' })
    const fault = faultOf(response, url, await readText(idle, response))
    if (fault instanceof StrangeAnswer) return 'stranger'
    if (fault.retry === 'never' || fault.status === 429) return 'server'
    throw fault
  } catch (error) {
    if (isUnreachable(error)) return 'nobody'
    throw error
  }
}

/** Throws unless there is a SplitCart server at this very address: at a wrong path of one, every upload is not found. */
export async function mustHaveUploads(client: Asking): Promise<void> {
  using idle = new Idle(client.idleMsMax)
  const url = urlOf(client.server, 'api/uploads')
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
