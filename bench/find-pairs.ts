/** Finds the pairs of so many listings of so many invented chains (`CHAINS LISTINGS`); prints how many, and its processor time. */
import { findPairs } from '../packages/data-management/catalogue/model/suggest.ts'
import { listingsOf } from './chains.ts'

const [chains = 2, listings = 7_000] = process.argv.slice(2).map(Number)
const articles = listingsOf(chains, listings / chains)
const before = process.cpuUsage()
const pairs = findPairs(articles).length
const { user, system } = process.cpuUsage(before)
process.stdout.write(`${JSON.stringify({ pairs, cpuSeconds: (user + system) / 1e6 })}\n`)
