/** What is to be loaded: one work item for each upload, until a loader says that it is done. */
import type { JsMsg } from '@nats-io/jetstream'

export const WORK_STREAM = 'splitcart_work'
export const CONSUMER = 'loaders'

/** How many uploads nobody has claimed, how many loaders work on, and how many of these were claimed before; since when the oldest is there. */
export type WorkCounts = Readonly<{ waiting: number; claimed: number; redelivered: number; oldest: number | null }>

/** A work item that one loader has. As long as it is not disposed of, no other gets it. */
export type Claim = Disposable &
  Readonly<{
    uploadId: string
    sha256: string
    /** How often it was claimed, this time included. */
    times: number
    /** It is never to be done again. */
    done: () => Promise<void>
    /** Somebody else may do it, after a while. */
    giveBack: (afterMs: number) => void
  }>

/** The subject of the work item for some bytes. */
export function workSubject(sha256: string): string {
  return `splitcart.work.${sha256}`
}

/** The claim that a message is. */
export function claimOf(message: JsMsg, claimMs: number): Claim {
  const { id, sha256 } = message.json<{ id: string; sha256: string }>()
  const timer = setInterval(() => message.working(), claimMs / 3)
  return {
    uploadId: id,
    sha256,
    times: message.info.deliveryCount,
    done: async () => {
      clearInterval(timer)
      // When this is lost, the item comes again and is found to have been done.
      await message.ackAck()
    },
    giveBack: (afterMs) => {
      clearInterval(timer)
      message.nak(afterMs)
    },
    [Symbol.dispose]: () => clearInterval(timer),
  }
}
