/** Uploads whose load kills every loader: they are held for a person, so that the others go on. */
import type { Log } from '@splitcart/shared/log.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { Upload } from '../ledger/uploads.ts'

type HoldContext = Readonly<{ ledger: Ledger; log: Log; now: () => number }>

/** How many loaders may die during the load of one file. */
const DEATHS_MAX = 2

/** Holds an upload for a person, with the reason. Its bytes stay where they are. */
export async function holdForPerson(work: HoldContext, upload: Upload, problem: string): Promise<void> {
  const counts = { rows: 0, inserted: 0, changed: 0, unchanged: 0, duplicate: 0, rejected: 0, warnings: 0 }
  const now = work.now()
  const result = { ...counts, finished_at: new Date(now).toISOString(), problem }
  await work.ledger.uploads.holdUnloaded(upload.id, result, now)
  const entry = { at: now, who: 'update-db', what: 'upload set aside', about: upload.id, detail: problem }
  await work.ledger.audit(entry)
  work.log.error({ upload: upload.id, filename: upload.filename, problem }, 'upload set aside')
}

/** The reason not to load an upload again because too many loaders died of it; undefined if it may be loaded. */
export function tooManyDeathsReason({ load_attempts: deaths }: Upload): string | undefined {
  if (deaths < DEATHS_MAX) return undefined
  return `Loading it ended the loader ${deaths} times, most often for want of memory; the log says more. To try again: splitcart holds release`
}
