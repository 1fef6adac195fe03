/** Makes the notice receivers and rounds of `serve` from the settings. */
import { readRevision } from '@splitcart/data-management/catalogue/queries/revision.ts'
import { readDisk } from '@splitcart/data-management/http/routes/machine.ts'
import type { Services } from '@splitcart/data-management/http/services.ts'
import { inboxOf } from '@splitcart/data-management/inbox/folder/folder-inbox.ts'
import type { ServerFacts } from '@splitcart/data-management/notices/condition-input.ts'
import type { NoticeTargets } from '@splitcart/data-management/notices/receivers/receiver.ts'
import { receiversOf } from '@splitcart/data-management/notices/receivers.ts'
import type { RoundContext } from '@splitcart/data-management/notices/rounds.ts'
import type { Log } from '@splitcart/shared/log.ts'
import type { Settings } from '@splitcart/shared/settings.ts'
import { machineName } from './operator.ts'

/** The notice receivers in the settings. Throws `settings_invalid` if one cannot be used. */
export function noticeTargetsOf(settings: Settings): NoticeTargets {
  return { receivers: receiversOf(settings), page: settings.PAGE_URL }
}

/** The context of a server's rounds, which look for conditions and send notices. */
export function roundsOf(
  services: Services & { noticeTargets: NoticeTargets },
  settings: Settings,
  log: Log,
): RoundContext {
  const { inbox, catalogue, queries, integrity, noticeTargets } = services
  const { notices, watches } = inbox.ledger
  const serverFacts = async (): Promise<ServerFacts> => ({
    machine: machineName(),
    disk: await readDisk(services),
    hasLoader: (await inboxOf(inbox).status()).hasLoader,
    damage: integrity?.latest?.faults ?? null,
  })
  const revision = () => readRevision(catalogue.database)
  const kinds = settings.NOTICE_KINDS
  return { ...noticeTargets, notices, watches, queries, kinds, serverFacts, revision, now: inbox.now, log }
}
