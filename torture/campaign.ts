/** What a campaign is. */
import type { Fault } from '../packages/data-management/test/history-case.ts'

/** Something that is tried many times, each time with a seed of its own. `prepare` may find that it cannot be done here. */
export type Campaign = Readonly<{
  about: string
  /** What is counted, and how many by default. */
  unit: string
  count: number
  /** More numbers that can be given on the command line, and what they are by default. */
  options?: Options
  /** How many are tried at once: 1 where not given. */
  lanes?: number
  /** Whether it mounts file systems, or cuts lines of a network; or can do without, or only starts processes that should not outlive it. */
  isolated?: 'in mounts' | 'in mounts, where possible' | 'in a network' | 'in a network, where possible'
  prepare: (options: Options) => Promise<Case>
}>

/** Numbers by name. */
export type Options = Readonly<Record<string, number>>

/** One try with a seed; `figure` tells at the end what all of them did, and `close` takes away what was made for them. */
export type Case = ((seed: number) => Promise<Fault>) & { figure?: () => string; close?: () => Promise<void> }

export type { Fault }

/** A campaign cannot be run on this machine. */
export class NotPossible extends Error {}

/** Throws the first reason why something cannot be done here. */
export function need(...missing: readonly (string | false)[]): void {
  for (const reason of missing) if (reason !== false) throw new NotPossible(reason)
}
