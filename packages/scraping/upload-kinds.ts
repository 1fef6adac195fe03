/** `upload-data` for the outboxes of several kinds: each is processed separately, and totals are over all. */
import { setTimeout as sleep } from 'node:timers/promises'
import { wasSuccessful } from './last-run.ts'
import { scanOutbox } from './outbox.ts'
import { uploadData } from './upload-data.ts'
import { emptySummary, type Outcome, type Summary } from './upload-events.ts'
import type { UploadJob } from './upload-job.ts'
import { watchOutbox } from './watch.ts'

/** Outcomes by severity, the worst last. A problem of one kind alone is `partly`. */
const SEVERITY: readonly Outcome[] = ['done', 'partly', 'unreachable', 'key_refused', 'failed']

// Error codes that concern one kind only.
const OF_KIND = new Set(['kind_unknown', 'kind_not_permitted'])

/** Runs once for each kind. If the server is away or refuses the key, the other kinds are left to the next run. */
export async function uploadKinds(jobs: readonly UploadJob[], { wait }: Readonly<{ wait: boolean }>): Promise<Summary> {
  let sum = emptySummary()
  for (const [place, job] of jobs.entries()) {
    if (endsAllKinds(sum)) sum.waiting += (await scanOutbox(job.disk, job.folders.outbox)).waiting.length
    else
      sum = addSummaries(
        sum,
        await uploadData(withHeartbeatIf(job, wasSuccessful(sum) && place === jobs.length - 1), { wait }),
      )
  }
  const last = jobs.at(-1)
  if (last?.signal.aborted === false && !endsAllKinds(sum)) await last.reporter?.send(last.client, last.signal)
  return sum
}

/** Lists the kinds that have an outbox now, and makes the job of one. */
export type WatchedKinds = Readonly<{
  list: () => Promise<readonly string[]>
  jobOf: (kind: string) => Promise<UploadJob>
}>

/** Watches the outboxes of all kinds, including later ones. Ends on abort, or when every watch has ended. */
export async function watchKinds(kinds: WatchedKinds, everyMs: number, signal: AbortSignal): Promise<Summary> {
  const watching = new Map<string, Promise<Summary>>()
  const failed = new AbortController()
  let going = 0
  do {
    for (const kind of await kinds.list()) {
      if (watching.has(kind)) continue
      const job = withHeartbeatIf(await kinds.jobOf(kind), watching.size === 0)
      going++
      const both = { ...job, signal: AbortSignal.any([signal, failed.signal]) }
      const watch = watchOutbox(both, { everyMs }).finally(() => going--)
      watch.catch(() => failed.abort())
      watching.set(kind, watch)
    }
    await sleep(everyMs, undefined, { signal: AbortSignal.any([signal, failed.signal]) }).catch(() => {})
  } while (going > 0 && !signal.aborted && !failed.signal.aborted)
  return (await Promise.all(watching.values())).reduce(addSummaries)
}

/** Removes the heartbeat from all jobs but one, as one heartbeat covers all kinds. */
function withHeartbeatIf(job: UploadJob, beats: boolean): UploadJob {
  if (beats || job.heartbeat === undefined) return job
  const { heartbeat: _, ...quiet } = job
  return quiet
}

function endsAllKinds({ outcome, problem }: Summary): boolean {
  if (outcome !== 'unreachable' && outcome !== 'key_refused') return false
  return problem === undefined || !OF_KIND.has(problem.code)
}

function addSummaries(one: Summary, other: Summary): Summary {
  const sum = { ...one, ...other }
  for (const name of Object.keys(one) as (keyof Summary)[])
    if (name !== 'outcome' && name !== 'problem') sum[name] = one[name] + other[name]
  const worst = SEVERITY.indexOf(one.outcome) > SEVERITY.indexOf(other.outcome) ? one : other
  sum.outcome = worst.outcome
  if (worst.problem !== undefined) sum.problem = worst.problem
  return sum
}
