/** The campaigns of `npm run torture`: what a test does some hundred times, done until chance has had its say. */
import { faultOfHistory, faultOfUndo } from '../packages/data-management/test/history-case.ts'
import { faultOfPartition } from '../packages/data-management/test/partition-case.ts'
import { REAL_FILES_MISSING, type RealFile, realFiles } from '../packages/data-management/test/real-files.ts'
import { NO_POSTGRES } from '../test/postgres.ts'
import { bombs } from './bombs.ts'
import { type Campaign, need } from './campaign.ts'
import { chaos } from './chaos/chaos.ts'
import { everything } from './chaos/everything.ts'
import { aborts } from './connections/aborts.ts'
import { halfOpen } from './connections/half-open.ts'
import { copies } from './copies/copies.ts'
import { costs } from './costs/costs.ts'
import { LARGE, sharedBy } from './costs/large-data.ts'
import { fleetFaults } from './fleet/faults.ts'
import { NO_FLEET } from './fleet/fleet.ts'
import { partitions } from './fleet/partitions.ts'
import { keyTiming } from './key-timing.ts'
import { loaderKills } from './loader-kills.ts'
import { errorCase } from './points/errors.ts'
import { fullDiskCase } from './points/full-disks.ts'
import { imageProgramsMissing, imagesMissing } from './points/images.ts'
import { killCase } from './points/kills.ts'
import { EATMYDATA_MISSING, powerCutCase, unsafePowerCutCase } from './points/power-cuts.ts'
import { PACKED_SCENES } from './points/scenes.ts'
import { STRACE_MISSING } from './points/strace.ts'
import { realOrders } from './real-orders.ts'
import { resume } from './resume.ts'
import { SERVER_CAMPAIGNS } from './server-campaigns.ts'
import { MISTAKES } from './simulator/mistakes.ts'
import { LANES, mistakes, simulator } from './simulator/simulator.ts'
import { strangers } from './strangers.ts'
import { swaps } from './swaps/swaps.ts'
import { upgrade } from './upgrade.ts'
import { verdicts } from './verdicts.ts'

export const CAMPAIGNS: Readonly<Record<string, Campaign>> = {
  catalogue: {
    about: 'random histories in two random orders each, against the naive model',
    unit: 'histories',
    count: 20_000,
    prepare: async () => faultOfHistory,
  },
  undo: {
    about: 'random loads of random histories undone and loaded again, against the naive model',
    unit: 'histories',
    count: 5_000,
    prepare: async () => faultOfUndo,
  },
  products: {
    about: 'random stories of listings and verdicts in random orders: products as the rules say them word for word',
    unit: 'stories',
    count: 300_000,
    prepare: async () => async (seed) => faultOfPartition(seed),
  },
  verdicts: {
    about: 'random stories of files, verdicts and undos on SQLite and PostgreSQL: one state, that of the model',
    unit: 'stories',
    count: 2_000,
    lanes: 4,
    prepare: async () => verdicts(need),
  },
  'real-orders': {
    about: 'the real files in random orders: one digest',
    unit: 'orders',
    count: 200,
    prepare: () => realOrders(realFilesHere()),
  },
  'loader-kills': {
    about: 'update-db killed ten times a round at random moments over the real files: the digest of an undisturbed run',
    unit: 'rounds',
    count: 20,
    prepare: () => loaderKills(realFilesHere()),
  },
  upgrade: {
    about:
      'an older version replaced by this one while real files are sent and loaded, on SQLite and PostgreSQL: one digest',
    unit: 'rounds',
    count: 4,
    prepare: () => {
      need(NO_POSTGRES)
      return upgrade(realFilesHere())
    },
  },
  simulator: {
    about: 'the hand-overs in memory, with crashes and power cuts at random calls, on the weakest file system',
    unit: 'seeds',
    count: 300_000,
    lanes: LANES,
    prepare: () => simulator(false),
  },
  clock: {
    about: 'the same while the clocks of all machines are set back and ahead, by a minute, an hour, a day or a year',
    unit: 'seeds',
    count: 100_000,
    lanes: LANES,
    prepare: () => simulator(true),
  },
  mistakes: {
    about: 'mistakes planted in the simulator: each must be noticed',
    unit: 'mistakes',
    count: Object.keys(MISTAKES).length,
    options: { seeds: 50_000 },
    prepare: (options) => mistakes(Object.keys(MISTAKES), options),
  },
  chaos: {
    about: 'senders and a server with a network between them that cuts, resets and stalls: all files loaded once',
    unit: 'rounds',
    count: 1,
    options: { files: 2_000, percent: 30 },
    prepare: async (options) => chaos(options),
  },
  everything: {
    about: 'senders, server and loader killed at random under load over a network that fails; then all must drain',
    unit: 'rounds',
    count: 1,
    options: { seconds: 180, senders: 3, percent: 15 },
    prepare: async (options) => everything(options),
  },
  copies: {
    about: 'files copied into the outbox in pieces with pauses, the watch killed now and then: every row arrives, once',
    unit: 'rounds',
    count: 1,
    options: { files: 100, pausems: 10_000, killms: 12_000, rest: 2 },
    prepare: async (options) => copies(options),
  },
  fleet: {
    about: 'a fleet whose parts are killed, cut off, of no use and upgraded while files flow: all loaded once',
    unit: 'rounds',
    count: 1,
    options: { files: 500, seconds: 600, spread: 0, wipes: 0, cuts: 1, unwell: 1, older: 1 },
    isolated: 'in a network, where possible',
    prepare: async (options) => {
      need(NO_FLEET)
      return fleetFaults(options)
    },
  },
  partitions: {
    about:
      'one NATS server after the other cut off: files are loaded meanwhile, and it has all of them when its line is mended',
    unit: 'rounds',
    count: 1,
    options: { files: 60 },
    isolated: 'in a network',
    prepare: async (options) => {
      need(NO_FLEET)
      return partitions(options)
    },
  },
  ...SERVER_CAMPAIGNS,
  resume: {
    about:
      'a file over a line that is cut 20 times, with both sides killed: at most 1.2 times its bytes cross the line',
    unit: 'rounds',
    count: 1,
    options: { megabytes: 200 },
    prepare: async (options) => resume(options),
  },
  bombs: {
    about: 'bombs against a server with 256 MiB of memory: all refused, and honest files arrive meanwhile',
    unit: 'rounds',
    count: 20,
    options: { factor: 2 },
    prepare: async (options) => bombs(options),
  },
  'key-timing': {
    about: 'wrong keys of every kind: the time of the refusal does not tell them apart, and the honest key works',
    unit: 'tries',
    count: 1,
    options: { keys: 100_000 },
    prepare: (options) => keyTiming(options, false),
  },
  'key-timing-http': {
    about: 'the same over HTTP',
    unit: 'tries',
    count: 1,
    options: { keys: 8_000 },
    prepare: (options) => keyTiming(options, true),
  },
  'half-open': {
    about: 'thousands of connections of some addresses on which nothing comes: another address is served within 2 s',
    unit: 'rounds',
    count: 1,
    options: { sockets: 5_000, addresses: 8, seconds: 30 },
    prepare: async (options) => halfOpen(options),
  },
  strangers: {
    about:
      'proxies, portals and firewalls that answer or meddle, at each step of an upload: nothing leaves the outbox for it, and all arrives once when they are gone',
    unit: 'strangers',
    count: 500,
    lanes: 2,
    prepare: strangers,
  },
  costs: {
    about:
      'every request at 10 million runs, 500,000 uploads and 60,000 stores: none holds the event loop for 50 ms, and each is answered the first time',
    unit: 'rounds',
    count: 1,
    options: { percent: 100 },
    prepare: async ({ percent = 100 }) => costs(sharedBy(LARGE, percent / 100)),
  },
  swaps: {
    about:
      'names that are a file, a link, a FIFO, a folder and nothing by turns under sender and loader: nothing leaks',
    unit: 'rounds',
    count: 1,
    options: { turns: 10_000 },
    prepare: async (options) => swaps(options),
  },
  aborts: {
    about: 'requests that break off anywhere: no fault, no part and no descriptor is left',
    unit: 'rounds',
    count: 100,
    options: { aborts: 1_000 },
    prepare: aborts,
  },
  kills: {
    about: 'SIGKILL at every system call of sender, receiver, loader and scraper: nothing lost, doubled or left over',
    unit: 'points',
    count: 12_000,
    lanes: 2,
    isolated: 'in mounts, where possible',
    prepare: async () => {
      need(STRACE_MISSING)
      return killCase()
    },
  },
  errors: {
    about: 'an error at every system call of each process: one clear answer, nothing lost, the next run finishes it',
    unit: 'points',
    count: 40_000,
    lanes: 2,
    isolated: 'in mounts, where possible',
    prepare: async () => {
      need(STRACE_MISSING)
      return errorCase()
    },
  },
  'full-disks': {
    about: 'each process on a file system that has room for so many pages or files more, and no longer',
    unit: 'points',
    count: 1_672,
    lanes: 2,
    isolated: 'in mounts',
    prepare: async () => {
      need(STRACE_MISSING)
      return fullDiskCase()
    },
  },
  'power-cuts': {
    about: 'a power cut at every system call of each process, on ext4 and XFS: nothing acknowledged is lost or torn',
    unit: 'points',
    count: 12_000,
    lanes: 2,
    isolated: 'in mounts',
    prepare: async () => {
      need(STRACE_MISSING, imageProgramsMissing(), await imagesMissing())
      return powerCutCase()
    },
  },
  'packed-kills': {
    about: 'kills, only where files are packed, sent as what is new, read again, and mended by the other machine',
    unit: 'points',
    count: 4_000,
    lanes: 2,
    isolated: 'in mounts, where possible',
    prepare: async () => {
      need(STRACE_MISSING)
      return killCase(PACKED_SCENES)
    },
  },
  'packed-cuts': {
    about: 'power-cuts, only there',
    unit: 'points',
    count: 4_000,
    lanes: 2,
    isolated: 'in mounts',
    prepare: async () => {
      need(STRACE_MISSING, imageProgramsMissing(), await imagesMissing())
      return powerCutCase(PACKED_SCENES)
    },
  },
  'power-cuts-unsafe': {
    about: 'the same with every fsync a lie (libeatmydata): losses must be seen',
    unit: 'points',
    count: 21,
    lanes: 2,
    isolated: 'in mounts',
    prepare: async () => {
      need(STRACE_MISSING, imageProgramsMissing(), EATMYDATA_MISSING, await imagesMissing())
      return unsafePowerCutCase()
    },
  },
}

function realFilesHere(): RealFile[] {
  need(REAL_FILES_MISSING)
  return realFiles()
}
