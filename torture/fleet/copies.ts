/** Which server of the inbox has all there is, as their leader sees it. */
import type { JetStreamInbox } from '@splitcart/data-management/inbox/jetstream.ts'

/** The servers that a stream misses, or that have not all of it yet: `stream splitcart_work: n2`. */
export async function copiesMissing(inbox: JetStreamInbox): Promise<string[]> {
  return (await inbox.streams()).flatMap(({ config, cluster }) =>
    (cluster?.replicas ?? [])
      .filter(({ current, offline }) => !current || offline)
      .map(({ name }) => `stream ${config.name}: ${name}`),
  )
}
