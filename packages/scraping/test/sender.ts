/** A scraping machine with a server to send to, and everything `uploadData` told. */
import { createUploadClient } from '../upload-client.ts'
import { uploadData } from '../upload-data.ts'
import type { Summary, UploadEvent } from '../upload-events.ts'
import type { UploadJob } from '../upload-job.ts'
import { type AnyServer, anyServer } from './any-server.ts'
import { disk, freshPlace, type Place } from './place.ts'

export const KEY = 'a-key-of-a-test-1234'

export type Sender = AsyncDisposable &
  Readonly<{ place: Place; server: AnyServer; events: UploadEvent[]; job: UploadJob }>

/** With short pauses, so that a test is over quickly. */
export async function freshSender(more: Partial<UploadJob> = {}): Promise<Sender> {
  const [place, server] = await Promise.all([freshPlace(), anyServer()])
  const events: UploadEvent[] = []
  const job: UploadJob = {
    disk,
    folders: place.folders,
    client: createUploadClient({ server: server.url, key: KEY }),
    patience: { triesMax: 3, firstDelayMs: 10 },
    signal: new AbortController().signal,
    on: (event) => events.push(event),
    ...more,
  }
  const close = async () => {
    await server.close()
    await place[Symbol.asyncDispose]()
  }
  return { place, server, events, job, [Symbol.asyncDispose]: close }
}

export function upload(sender: Sender, options: { wait?: boolean } = {}): Promise<Summary> {
  return uploadData(sender.job, options)
}

/** The files that were told of, as "name state". */
export function told({ events }: Sender): string[] {
  return events.flatMap((event) => (event.type === 'file' ? [`${event.name} ${event.state}`] : []))
}
