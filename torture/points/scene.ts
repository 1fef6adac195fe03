/** What a scene is: a process at work over a few files, what it leaves when it is hit, and what must be true when all is quiet. */
import type { Started } from '../../test/machines.ts'
import type { Fault } from '../campaign.ts'
import type { Place } from './place.ts'
import type { Blow, Tracing } from './strace.ts'

/** How the process that is hit is started: traced, with the blow and the environment that the campaign wants. */
export type Start = (tracing: Pick<Tracing, 'args' | 'environment'>) => Started

/** What the process had told when it ended: the SHA-256 of what it acknowledged, its exit code, and what it printed. */
export type Told = Readonly<{ acknowledged: readonly string[]; killed: boolean; code: number | null; printed: string }>

export type Scene = Readonly<{
  name: string
  /** Makes the state in which the process starts. */
  prepare: (place: Place) => Promise<void>
  /** Starts the process and waits until it is done or dead. */
  act: (place: Place, start: Start) => Promise<Told>
  /** What is wrong right after the blow: something acknowledged is not there, or torn. */
  faultAfterBlow: (place: Place, told: Told) => Promise<Fault>
  /** Whether all that it acknowledges is kept by others: what is lost of what it writes itself, costs nothing. */
  onlyGives?: boolean
  /** Starts everything again, as people would, until nothing is left to do. */
  recover: (place: Place) => Promise<Fault>
  /** What is wrong when all is quiet. */
  faultWhenQuiet: (place: Place) => Promise<Fault>
}>

/** The first fault that one of several checks finds. */
export async function firstFault(...checks: readonly (() => Fault | Promise<Fault>)[]): Promise<Fault> {
  for (const check of checks) {
    const fault = await check()
    if (fault !== undefined) return fault
  }
  return undefined
}

export type { Blow, Fault }
