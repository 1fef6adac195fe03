/** A little of the campaign `rights` of `npm run torture`, something else with every commit. */
import { test } from 'node:test'
import { STRACE_MISSING } from '../torture/points/strace.ts'
import { campaign } from './campaign.ts'
import { neededHere } from './needed.ts'

test(
  'killed under load and on a slow disk, nothing is loaded beyond the rights of its sender, or without one',
  {
    skip: neededHere(STRACE_MISSING),
    timeout: 170_000,
  },
  (t) => campaign(t, 'rights', { rounds: 1, uploads: 48, kills: 2 }),
)
