/** The rounds of a server that tells, for tests. */
import { openLog } from '@splitcart/shared/log.ts'
import { NOTICE_KINDS } from '@splitcart/shared/notice-readers.ts'
import { revisionOf } from '../catalogue/queries/revision.ts'
import { PATIENCE } from '../notices/conditions.ts'
import type { Outside } from '../notices/looked.ts'
import type { NoticeReceiver } from '../notices/receivers/receiver.ts'
import type { Rounds } from '../notices/tell.ts'
import type { Receiver } from './receiver.ts'

/** What the process that serves would know of a machine that is well. */
export const WELL: Outside = {
  machine: 'a-server',
  disk: { is_low: false, free_bytes: 9e9, total_bytes: 1e10, kept_bytes: 1e9 },
  hasLoader: true,
  damage: [],
}

/** The rounds of a server. */
export function roundsOn(
  { ledger, catalogue, questions }: Receiver,
  receivers: readonly NoticeReceiver[],
  more: Partial<Rounds> = {},
): Rounds {
  const { notices, watches } = ledger
  const rest = { page: new URL('https://data.example.org'), now: Date.now, log: openLog('silent'), patience: PATIENCE }
  const looks = { outside: async () => WELL, revision: () => revisionOf(catalogue.database) }
  return { notices, watches, questions, receivers, kinds: new Set<string>(NOTICE_KINDS), ...rest, ...looks, ...more }
}
