/** The status report that a scraping machine sends to the server after each round: body of `POST /api/heartbeat`. */

/** Counts of waiting and of refused files, over all kinds; `sent_at`: the time by the machine's own clock. */
export type MachineReport = Readonly<{
  version: string
  platform: string
  arch: string
  waiting_files: number
  waiting_bytes: number
  refused_files: number
  sent_at: string
}>
