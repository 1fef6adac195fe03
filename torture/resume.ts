/** A large file over a line that breaks twenty times, with the server killed twice and the sender once (test/resume-scene.ts). */
import { playResume } from '../test/resume-scene.ts'
import type { Case, Options } from './campaign.ts'

const MORE_MAX = 1.2
const SCENE = { cuts: 20, serverKills: 2, senderKills: 1 }

/** Makes the case: it all arrives once, and at most 1.2 times its bytes cross the line. */
export function resume({ megabytes = 0 }: Options): Case {
  let [breaks, sent, most] = [0, 0, 0]
  const round = async (seed: number) => {
    const passed = await playResume({ ...SCENE, seed, compressedBytes: megabytes * 1_000_000 })
    const share = passed.sentBytes / passed.spooledBytes
    breaks += passed.cuts
    sent += passed.sentBytes
    most = Math.max(most, share)
    if (passed.fault !== undefined) return passed.fault
    return share <= MORE_MAX ? undefined : `${passed.sentBytes} bytes crossed the line for ${passed.spooledBytes}`
  }
  const figure = () =>
    `${breaks} breaks, ${(sent / 1e6).toFixed(1)} MB crossed the line, at most ${most.toFixed(3)} × a file`
  return Object.assign(round, { figure })
}
