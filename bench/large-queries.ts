/** Every query that the page can make, of a catalogue of a million products and ten million price runs. */
import { join } from 'node:path'
import { A_MILLION, makeLargeShops } from './large-shops.ts'
import { serveTo, timeAll } from './queries.ts'
import type { Report } from './report.ts'
import { openStage } from './stage.ts'

/** Asks all of it, 200 times each. */
export async function largeQueries(): Promise<Report> {
  await using stage = await openStage()
  const catalogue = join(stage.machines.path, 'catalogue.db')
  await makeLargeShops(catalogue, A_MILLION)
  const all = await timeAll(await serveTo(stage, catalogue), catalogue, ({ name, p99Ms }) =>
    process.stderr.write(`${name}: ${p99Ms.toFixed(1)} ms\n`),
  )
  return {
    title: 'Queries of a million products and ten million price runs',
    columns: ['median ms', 'p99 ms', 'CPU ms'],
    rows: all.map(({ name, medianMs, p99Ms, cpuMs }) => [name, medianMs, p99Ms, cpuMs] as const),
  }
}
