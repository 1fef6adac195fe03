/** Campaigns against a server that runs: what people with keys send, what strangers do, and what its own people do wrong. */
import { spawnSync } from 'node:child_process'
import { HEAVY_FILES } from '../test/heavy-files.ts'
import { type Campaign, need } from './campaign.ts'
import { NO_FLEET } from './fleet/fleet.ts'
import { fleetRights } from './fleet/rights.ts'
import { hostile } from './hostile.ts'
import { memory } from './memory.ts'
import { mistakesOfPeople } from './mistakes-of-people.ts'
import { STRACE_MISSING } from './points/strace.ts'
import { rights } from './rights.ts'

/** Each by its name. */
export const SERVER_CAMPAIGNS: Readonly<Record<string, Campaign>> = {
  rights: {
    about:
      'limited keys, a server that is killed, slow disks: nothing is loaded beyond its rights or without its sender',
    unit: 'rounds',
    count: 20,
    options: { uploads: 500, kills: 8 },
    prepare: async (options) => {
      need(STRACE_MISSING)
      return rights(options)
    },
  },
  'rights-fleet': {
    about: 'the same on a fleet of which a part is killed again and again: who sent what is looked at after each crash',
    unit: 'rounds',
    count: 5,
    options: { uploads: 500, kills: 20 },
    prepare: async (options) => {
      need(NO_FLEET)
      return fleetRights(options)
    },
  },
  'mistakes-of-people': {
    about: 'wrong addresses, folders, keys, backups and clocks, one after the other: each is told, and costs nothing',
    unit: 'rounds',
    count: 5,
    options: { mistakes: 12 },
    prepare: async (options) => mistakesOfPeople(options, spawnSync('faketime', ['--version']).status === 0),
  },
  hostile: {
    about: 'hostile load of all kinds on a server with little memory: honest uploads are quick, nothing is kept',
    unit: 'rounds',
    count: 1,
    options: { minutes: 60, mebibytes: 1024, milliseconds: 2_000 },
    prepare: async (options) => hostile(options),
  },
  memory: {
    about: 'valid files made of what costs memory, received and loaded in control groups: enough for each',
    unit: 'files',
    count: HEAVY_FILES.length,
    options: { megabytes: 100, loader: 256, server: 1024 },
    prepare: async (options) => memory(options),
  },
}
