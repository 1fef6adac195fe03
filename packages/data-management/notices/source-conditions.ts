/** Finds silent sources, and findings about what sources send. */
import { type Source, sourceView } from '../catalogue/queries/sources.ts'
import { sourceSubject } from '../http/routes/attention.ts'
import { findingKey, unbelievedFindings } from '../http/routes/findings.ts'
import { sourcesNow } from '../http/routes/freshness.ts'
import { type ConditionInput, type FoundCondition, shortName, shortSentence } from './condition-input.ts'

const FINDINGS_MAX = 300

/**
 * Sources not heard of for twice their interval. A condition on record lasts while the source is late; if a person
 * snoozes or retires the source, it ends without a notice. People's notes on a source are never sent to receivers.
 */
export async function silentSources({ context, recorded }: ConditionInput): Promise<readonly FoundCondition[]> {
  const isRecorded = (source: Source) => recorded.has(sourceSubject(source))
  return (await sourcesNow(context))
    .filter((source) => source.state === 'silent' || (source.state !== 'good' && isRecorded(source)))
    .map((source) => {
      const { settings: _, ...data } = sourceView(source)
      const { company, store_name, last_date, state } = data
      const text = `${shortName(company)} ${shortName(store_name)} is silent (last ${last_date})`
      const isSettled = state === 'snoozed' || state === 'retired'
      return { kind: 'silent', subject: sourceSubject(source), text, data, isSettled, mark: last_date }
    })
}

/** Findings about the newest scrapes that no person has accepted as correct. */
export async function openFindings({ context, recorded, ticked }: ConditionInput): Promise<readonly FoundCondition[]> {
  const isKnown = (key: string) => recorded.has(key) || ticked.has(key)
  const { first } = await unbelievedFindings(context, (each, at) => at < FINDINGS_MAX || isKnown(findingKey(each)))
  return first.map((finding) => {
    const { company, brief, stores, example } = finding
    const where = stores === 1 ? `in ${shortName(example.store_name)}` : `in ${stores} stores`
    const text = `${shortName(company)}: ${shortSentence(brief)}, ${where} (${example.date})`
    return { kind: 'findings', subject: findingKey(finding), text, mark: String(stores) }
  })
}
