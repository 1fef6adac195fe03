/**
 * Checks that resumable upload works: creates an upload, queries it, sends no bytes, and deletes it again.
 */
import { createHash } from 'node:crypto'
import { type CheckResult, ok, warn } from '@splitcart/shared/check-result.ts'
import { Problem } from '@splitcart/shared/problem.ts'
import { resourceUrl } from '@splitcart/shared/settings.ts'
import { type AnswerError, ForeignResponse } from './answer.ts'
import { errorOf, readText, type ServerAccess, sendRequest, unexpectedContent } from './exchange.ts'
import { IdleTimeout } from './idle-timeout.ts'

/** One request of the protocol; `needs`: the header that its response must have. */
type Step = Readonly<{ method: string; headers: Readonly<Record<string, string>>; needs?: string }>

const TUS = { 'Tus-Resumable': '1.0.0' }
const METADATA = { filename: 'doctor-probe.jsonl', encoding: 'gzip', sha256: createHash('sha256').digest('hex') }

const CREATE_STEP: Step = {
  method: 'POST',
  headers: { ...TUS, 'Upload-Length': '1', 'Upload-Metadata': metadataOf(METADATA) },
  needs: 'location',
}

const LATER_STEPS: readonly Step[] = [
  { method: 'HEAD', headers: TUS, needs: 'upload-offset' },
  {
    method: 'PATCH',
    headers: { ...TUS, 'Upload-Offset': '0', 'Content-Type': 'application/offset+octet-stream' },
    needs: 'upload-offset',
  },
]

/** Tries each request of resumable upload. A blocked one is a warning: `upload-data` then sends files in one piece. */
export async function checkResuming(access: ServerAccess): Promise<CheckResult> {
  const endpoint = resourceUrl(access.server, 'api/upload/resumable/')
  const opened = await request(access, endpoint, CREATE_STEP)
  if (typeof opened === 'string') return blocked(CREATE_STEP, opened)
  const address = URL.parse(opened.headers.get('location') ?? '', endpoint)
  if (address?.href.startsWith(endpoint.href) !== true)
    return blocked(CREATE_STEP, 'the address it names is another one')
  let result: CheckResult | undefined
  for (const step of LATER_STEPS) {
    const answer = await request(access, address, step)
    if (typeof answer === 'string') result ??= blocked(step, answer)
  }
  const undo: Step = { method: 'DELETE', headers: TUS }
  const undone = await request(access, address, undo)
  if (typeof undone === 'string') result ??= blocked(undo, undone)
  return result ?? ok('resuming', 'large files can be resumed on their way')
}

/** Makes one request; returns the response, or a sentence on what is wrong with it. */
async function request({ server: _, key, idleMsMax }: ServerAccess, url: URL, step: Step): Promise<Response | string> {
  using idle = new IdleTimeout(idleMsMax)
  try {
    const { method, headers, needs } = step
    const answer = await sendRequest({ key }, idle, url, { method, headers })
    const text = await readText(idle, answer)
    if (!answer.ok) return detailOf(errorOf(answer, url, text))
    return needs === undefined || answer.headers.has(needs)
      ? answer
      : missingHeader(needs, unexpectedContent(answer, url, text))
  } catch (error) {
    if (error instanceof Problem) return error.detail
    throw error
  }
}

function missingHeader(field: string, { detail }: ForeignResponse): string {
  return `${detail}; the field ${field} is missing`
}

function detailOf(fault: AnswerError | ForeignResponse): string {
  return fault instanceof ForeignResponse ? fault.detail : fault.message
}

function blocked({ method }: Step, reason: string): CheckResult {
  return warn(
    'resuming',
    `${method} does not get through: ${reason}`,
    'Let the proxy pass POST, HEAD, PATCH and DELETE of /api/upload/resumable/ with all their fields. Until then large files are sent in one piece.',
  )
}

function metadataOf(metadata: Readonly<Record<string, string>>): string {
  return Object.entries(metadata)
    .map(([name, value]) => `${name} ${Buffer.from(value).toString('base64')}`)
    .join(',')
}
