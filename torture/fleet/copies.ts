/** What the inbox still has to do, and which of its servers has not all there is: as somebody sees it who comes anew. */
import { JetStreamInbox } from '@splitcart/data-management/inbox/jetstream/servers.ts'

/** The servers that a stream misses, or that have not all of it yet: `stream splitcart_work: n2`. */
export function copiesMissing(address: string): Promise<string[]> {
  return told(address, missingIn)
}

/** The same, and the work items that are left. */
export function leftIn(address: string): Promise<string[]> {
  return told(address, async (inbox) => {
    const { waiting, claimed } = await inbox.counts()
    const items = waiting + claimed === 0 ? [] : [`${waiting} work items that wait, ${claimed} that are claimed`]
    return [...items, ...(await missingIn(inbox))]
  })
}

/** While there is no leader, nobody can say it. */
async function told(address: string, what: (inbox: JetStreamInbox) => Promise<string[]>): Promise<string[]> {
  try {
    await using inbox = await JetStreamInbox.open(address)
    return await what(inbox)
  } catch (error) {
    return [`nobody can say: ${error instanceof Error ? error.message : error}`]
  }
}

async function missingIn(inbox: JetStreamInbox): Promise<string[]> {
  return (await inbox.streams()).flatMap(({ config, cluster }) =>
    (cluster?.replicas ?? [])
      .filter(({ current, offline }) => !current || offline)
      .map(({ name }) => `stream ${config.name}: ${name}`),
  )
}
