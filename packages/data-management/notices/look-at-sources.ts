/** Sources that are silent, and findings of what they send. */

import { unbelievedFindings } from '../api/findings.ts'
import { momentOf } from '../api/reading.ts'
import { allSources, type Source } from '../catalogue/queries/sources.ts'
import type { Condition } from '../ledger/notices.ts'
import { type Looked, shortName, shortSentence } from './looked.ts'

const FINDINGS_MAX = 300

/** Sources that have not been heard of for twice their usual interval. One that was silent and is late still is. */
export async function silentSources({ reading, recorded }: Looked): Promise<readonly Condition[]> {
  const sources = await allSources(reading.catalogue.database, momentOf(reading))
  return sources
    .filter((source) => source.is_closed !== true)
    .filter((source) => source.state === 'silent' || (source.state === 'late' && recorded.has(keyOf(source))))
    .map(({ storeId: _, ...source }) => {
      const { company, store_name, last_date } = source
      const text = `${shortName(company)} ${shortName(store_name)} is silent (last ${last_date})`
      return { kind: 'silent', subject: keyOf(source), text, data: source }
    })
}

/** What is told of the newest scrapes and nobody has said to be so. */
export async function findingsThere({ reading }: Looked): Promise<readonly Condition[]> {
  const { first } = await unbelievedFindings(reading, FINDINGS_MAX)
  return first.map(({ company, rule, field, brief, stores, example }) => {
    const where = stores === 1 ? `in ${shortName(example.store_name)}` : `in ${stores} stores`
    const text = `${shortName(company)}: ${shortSentence(brief)}, ${where} (${example.date})`
    return { kind: 'findings', subject: JSON.stringify([company, rule, field, brief]), text }
  })
}

function keyOf({ company, store_id }: Pick<Source, 'company' | 'store_id'>): string {
  return JSON.stringify([company, store_id])
}
