/** The work queue: one work item for each upload to load, until a loader acknowledges it. */
import type { JsMsg } from '@nats-io/jetstream'

export const WORK_STREAM = 'splitcart_work'
export const CONSUMER = 'loaders'

/** How many items are free, how many are claimed, and how many of these not for the first time; the oldest's time. */
export type WorkCounts = Readonly<{ waiting: number; claimed: number; redelivered: number; oldest: number | null }>

/** A work item claimed by one loader; no other gets it until this is disposed of. */
export type WorkItem = Disposable &
  Readonly<{
    uploadId: string
    sha256: string
    /** How often it was claimed, this time included. */
    timesClaimed: number
    /** Removes the item for good. */
    done: () => Promise<void>
    /** Gives the item back; another loader may claim it after a while. */
    giveBack: (afterMs: number) => void
  }>

/** The subject of the work item for some bytes. */
export function workSubject(sha256: string): string {
  return `splitcart.work.${sha256}`
}

/** The work item in a message; its claim is prolonged until it is done, given back or disposed of. */
export function workItemOf(message: JsMsg, claimMs: number): WorkItem {
  const { id, sha256 } = message.json<{ id: string; sha256: string }>()
  const timer = setInterval(() => message.working(), claimMs / 3)
  return {
    uploadId: id,
    sha256,
    timesClaimed: message.info.deliveryCount,
    done: async () => {
      clearInterval(timer)
      // If the acknowledgement is lost, the item is delivered again, and its load is found on record.
      await message.ackAck()
    },
    giveBack: (afterMs) => {
      clearInterval(timer)
      message.nak(afterMs)
    },
    [Symbol.dispose]: () => clearInterval(timer),
  }
}
