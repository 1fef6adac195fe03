/**
 * The heartbeat: after each good run a URL of the user's monitoring service is requested, which raises an alarm when
 * the requests stop. It carries no data and no key, and follows no redirect. A failure is only a warning.
 */
import { requestStatus } from '@splitcart/shared/outgoing-request.ts'
import { Problem } from '@splitcart/shared/problem.ts'
import { problemInfoOf } from './upload-events.ts'
import { emit, type UploadJob, type UploadRun } from './upload-job.ts'

const ANSWER_MS_MAX = 10_000

/** Requests the URL once. Throws `heartbeat_unanswered`, which names only the host: the path is often a secret. */
export async function requestHeartbeat(url: URL, answerMsMax = ANSWER_MS_MAX): Promise<void> {
  const fault = await heartbeatFault(url, answerMsMax)
  if (fault !== undefined) throw new Problem('heartbeat_unanswered', `${url.host}: ${fault}`)
}

/** Requests the heartbeat URL of a job, if set. Only the first of consecutive failures is reported. */
export async function sendHeartbeat(job: UploadJob, run: UploadRun): Promise<void> {
  if (job.heartbeat === undefined) return
  try {
    await requestHeartbeat(job.heartbeat)
    run.reported.delete('heartbeat')
  } catch (error) {
    if (!run.reported.has('heartbeat'))
      emit(job, run, { type: 'warning', name: 'heartbeat', problem: problemInfoOf(error) })
    run.reported.add('heartbeat')
  }
}

async function heartbeatFault(url: URL, answerMsMax: number): Promise<string | undefined> {
  try {
    const status = await requestStatus(url, { answerMsMax })
    return status >= 200 && status < 300 ? undefined : `it answered ${status}`
  } catch (error) {
    if (!(error instanceof Error)) throw error
    return error.message || error.name
  }
}
