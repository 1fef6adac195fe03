/** Suggested pairs: how long they take to find among all listings of a few chains and of many, and in how much memory. */
import { fileURLToPath } from 'node:url'
import { startProgram } from '../test/machines.ts'
import type { Report } from './report.ts'
import { watched } from './watched.ts'

const SIZES = [
  { chains: 2, listings: 7_000 },
  { chains: 20, listings: 50_000 },
  { chains: 20, listings: 200_000 },
]
const MIB = 2 ** 20
const PROGRAM = fileURLToPath(new URL('find-pairs.ts', import.meta.url))

/** Each size in a new process, which makes the listings first. */
export async function suggestions(): Promise<Report> {
  const rows: [string, ...number[]][] = []
  for (const { chains, listings } of SIZES) {
    const program = startProgram([PROGRAM, String(chains), String(listings)], process.cwd(), process.env)
    const { peakBytes } = await watched(program)
    const { pairs, cpuSeconds } = JSON.parse((await program.ended).stdout) as { pairs: number; cpuSeconds: number }
    rows.push([`${listings.toLocaleString('en')} listings of ${chains} chains`, cpuSeconds, pairs, peakBytes / MIB])
  }
  return { title: 'Suggested pairs', columns: ['CPU s', 'pairs', 'peak MiB'], rows }
}
