/** The real files in random orders. */
import { Chance } from '../packages/data-management/test/random.ts'
import { digestOf, type RealFile } from '../packages/data-management/test/real-files.ts'
import type { Case } from './campaign.ts'

/** Every order gives the digest of the first one. */
export async function realOrders(files: readonly RealFile[]): Promise<Case> {
  const expected = await digestOf(files)
  return async (seed) => {
    const digest = await digestOf(new Chance(seed).shuffled(files))
    return digest === expected ? undefined : `digest ${digest} instead of ${expected}`
  }
}
