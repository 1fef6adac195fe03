/**
 * Prints how many steps partitioning takes a listing, for each number of listings that is given: how often the blocks of the code run, which is
 * the same on any machine, however busy it is. Node runs it with --no-opt and --no-maglev: what V8 has optimized it does not count.
 */
import assert from 'node:assert/strict'
import { Session } from 'node:inspector/promises'
import { partitionOf } from '../catalogue/model/partition.ts'

const session = new Session()
session.connect()
await session.post('Profiler.enable')
await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true })
for (const count of process.argv.slice(2).map(Number)) process.stdout.write(`${(await stepsOf(count)) / count}\n`)
session.disconnect()

async function stepsOf(count: number): Promise<number> {
  const members = Array.from({ length: count }, (_, index) => ({
    name: `company ${index} 0 1`,
    keys: [{ kind: 1, value: '09300600000013' } as const, { kind: 2, value: `oats ${index >> 1}` } as const],
    sizes: new Map([['g', 500]]),
  }))
  await session.post('Profiler.takePreciseCoverage')
  assert.equal(partitionOf(members, []).length, 1)
  const { result } = await session.post('Profiler.takePreciseCoverage')
  const functions = result.filter(({ url }) => url.includes('/catalogue/model/')).flatMap((file) => file.functions)
  return functions.flatMap(({ ranges }) => ranges).reduce((sum, range) => sum + range.count, 0)
}
