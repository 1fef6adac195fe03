/** The rounds of a server that tells, for tests. */
import { openLog } from '@splitcart/shared/log.ts'
import { NOTICE_KINDS } from '@splitcart/shared/notice-readers.ts'
import { readSettings } from '@splitcart/shared/settings.ts'
import { readRevision } from '../catalogue/queries/revision.ts'
import type { ServerFacts } from '../notices/condition-input.ts'
import { PATIENCE_MS } from '../notices/conditions.ts'
import type { NoticeReceiver } from '../notices/receivers/receiver.ts'
import { receiversOf } from '../notices/receivers.ts'
import type { RoundContext } from '../notices/rounds.ts'
import { postGzip, type Receiver, rowsText } from './receiver.ts'

/** What the process that serves would know of a machine that is well. */
export const WELL: ServerFacts = {
  machine: 'a-server',
  disk: { is_low: false, free_bytes: 9e9, total_bytes: 1e10, kept_bytes: 1e9 },
  hasLoader: true,
  damage: [],
}

/** The rounds of a server. */
export function roundsOn(
  { ledger, catalogue, queries }: Receiver,
  receivers: readonly NoticeReceiver[],
  more: Partial<RoundContext> = {},
): RoundContext {
  const { notices, watches } = ledger
  const rest = {
    page: new URL('https://data.example.org'),
    now: Date.now,
    log: openLog('silent'),
    patience: PATIENCE_MS,
  }
  const looks = { serverFacts: async () => WELL, revision: () => readRevision(catalogue.database) }
  return { notices, watches, queries, receivers, kinds: new Set<string>(NOTICE_KINDS), ...rest, ...looks, ...more }
}

/** Whom settings name. */
export function receiversFrom(settings: Record<string, string>) {
  return receiversOf(readSettings(settings, {}, { machine: 'data-management' }))
}

const PROBLEM = { rows: 9, inserted: 0, changed: 0, unchanged: 0, duplicate: 0, rejected: 0, warnings: 0 }

/** An upload that ended so. */
export async function ended(
  receiver: Receiver,
  state: 'held' | 'failed',
  problem: string,
  price: number,
): Promise<string> {
  const { body } = await postGzip(receiver, `${state}-${price}.jsonl.gz`, rowsText(1, price))
  const result = { ...PROBLEM, problem, finished_at: new Date().toISOString() }
  await receiver.ledger.uploads.settle(String(body.id), state, result, Date.now())
  return String(body.id)
}
