/** Sources that are silent, and findings of what they send. */
import { type Source, sourceView } from '../catalogue/queries/sources.ts'
import { findingKey, unbelievedFindings } from '../http/routes/findings.ts'
import { sourcesNow } from '../http/routes/freshness.ts'
import { type FoundCondition, type LookInput, shortName, shortSentence } from './look-parts.ts'

const FINDINGS_MAX = 300

/**
 * Sources not heard of for twice their interval. A recorded one lasts while it is late; if people snooze or retire it,
 * it ends without a notice. People's notes on a source are for users with a key and never sent to receivers.
 */
export async function silentSources({ reading, recorded }: LookInput): Promise<readonly FoundCondition[]> {
  const isRecorded = (source: Source) => recorded.has(keyOf(source))
  return (await sourcesNow(reading))
    .filter((source) => source.state === 'silent' || (source.state !== 'good' && isRecorded(source)))
    .map((source) => {
      const { settings: _, ...data } = sourceView(source)
      const { company, store_name, last_date, state } = data
      const text = `${shortName(company)} ${shortName(store_name)} is silent (last ${last_date})`
      const isSettled = state === 'snoozed' || state === 'retired'
      return { kind: 'silent', subject: keyOf(source), text, data, isSettled, mark: last_date }
    })
}

/** Findings of the newest scrapes that no belief of a person covers. */
export async function findingsThere({ reading, recorded, ticked }: LookInput): Promise<readonly FoundCondition[]> {
  const isKnown = (key: string) => recorded.has(key) || ticked.has(key)
  const { first } = await unbelievedFindings(reading, (each, at) => at < FINDINGS_MAX || isKnown(findingKey(each)))
  return first.map((finding) => {
    const { company, brief, stores, example } = finding
    const where = stores === 1 ? `in ${shortName(example.store_name)}` : `in ${stores} stores`
    const text = `${shortName(company)}: ${shortSentence(brief)}, ${where} (${example.date})`
    return { kind: 'findings', subject: findingKey(finding), text, mark: String(stores) }
  })
}

function keyOf({ company, store_id }: Pick<Source, 'company' | 'store_id'>): string {
  return JSON.stringify([company, store_id])
}
