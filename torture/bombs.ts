/** Bombs in random order, some of them twice, against a server with little memory (test/bombed.ts). */
import { Chance } from '../packages/data-management/test/random.ts'
import { throwBombs } from '../test/bombed.ts'
import { makeBombs } from '../test/bombs.ts'
import type { Case } from './campaign.ts'

/** Makes the case: every bomb and as many again by chance, in an order by chance. */
export function bombs({ factor = 2 }: Readonly<Record<string, number>>): Case {
  const all = makeBombs()
  const sum = { bombs: 0, honest: 0, memoryBytesMax: 0 }
  const round = async (seed: number) => {
    const chance = new Chance(seed)
    const more = Array.from({ length: all.length * (factor - 1) }, () => chance.of(all))
    const { faults, honest, memoryBytesMax } = await throwBombs(chance.shuffled([...all, ...more]))
    sum.bombs += all.length + more.length
    sum.honest += honest
    sum.memoryBytesMax = Math.max(sum.memoryBytesMax, memoryBytesMax)
    return faults.length === 0 ? undefined : faults.join('\n  ')
  }
  const figure = () =>
    `${sum.bombs} bombs, ${sum.honest} honest files, ${Math.round(sum.memoryBytesMax / 2 ** 20)} MiB at most`
  return Object.assign(round, { figure })
}
