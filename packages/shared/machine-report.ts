/** What a scraping machine tells the server of itself at the end of a round, as `POST /api/heartbeat` carries it. */

/** The files of all kinds that wait in outboxes, and those that were refused and set aside; `sent_at` is the time by the machine's clock. */
export type MachineReport = Readonly<{
  version: string
  platform: string
  arch: string
  waiting_files: number
  waiting_bytes: number
  refused_files: number
  sent_at: string
}>
