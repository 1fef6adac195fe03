/** A few loads whose sums are known. */
import type { LoadTotals } from '../ledger/counts.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { sha256Of } from './receiver.ts'

const RESULT = {
  ...{ rows: 60, inserted: 1, changed: 2, unchanged: 30, duplicate: 4, rejected: 23, warnings: 0 },
  ...{ problem: null, finished_at: '2026-01-01T00:00:00.000Z' },
}

/** What all of them did. */
export const LOADS_ADDED_UP: LoadTotals = {
  files: { loaded: 2, held: 1, failed: 1 },
  rows: { inserted: 2, changed: 4, unchanged: 60, duplicate: 8, rejected: 46 },
  bytes: 20,
  milliseconds: 4 * 1_500,
  deaths: 1,
}

/** Makes them, each by another of some loaders. The first file is loaded by the second that tries it, and once more when it is wanted again. */
export async function addUpLoads(ledgers: readonly Ledger[]): Promise<LoadTotals> {
  const states = ['loaded', 'held', 'failed', 'loaded'] as const
  const ids = [0, 1, 2].map((index) => `0000000${index}-0000-7000-8000-000000000000`)
  const [first] = ledgers
  for (const id of ids) {
    const named = { filename: id, stored_as: `${id}.jsonl`, kind: 'products', state: 'accepted' as const }
    const counts = { bytes: 10, lines: 1, wire_bytes: 1, received_at: 1 }
    await first!.arrivals.record({ id, sha256: sha256Of(id), ...named, ...counts }, 'settings', true)
  }
  await first!.uploads.markLoading(ids[0]!, 500, null)
  for (const [index, state] of states.entries()) {
    const { uploads } = ledgers[index % ledgers.length]!
    const id = ids[index % ids.length]!
    await uploads.markLoading(id, 1_000 * (index + 1), null)
    await uploads.settle(id, state, RESULT, 1_000 * (index + 1) + 1_500)
  }
  return first!.uploads.loadTotals()
}
