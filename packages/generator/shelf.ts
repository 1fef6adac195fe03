/** Which articles a store sells on a day, and at what price. Each result is computed without the day before. */
import type { Store } from './chains.ts'
import type { Plan } from './plan.ts'
import { chance, hash, PURPOSE } from './random.ts'

/** What a row says of its article that may differ tomorrow. */
export type Terms = Readonly<{ priceCents: number; wasCents: number | null; isAvailable: boolean }>

/** The parameters of a store for the functions below, computed once. */
export type Shelf = Readonly<{
  places: number
  store: number
  chain: number
  zone: number
  storeGaps: RecurringEvent
  chainGaps: RecurringEvent
  specials: RecurringEvent
  shortages: RecurringEvent
  priceStepDays: number
}>

// A recurring event: time is divided into cycles of days, and a share of the cycles has one stretch of days with it.
type RecurringEvent = Readonly<{ cycle: number; share: number; daysMin: number; daysMax: number }>

const CARRIED_SHARE = 0.95
const PRICE_ZONES = 3
const ZONED_SHARE = 0.2
const IN_STOCK_SHARE = 0.97
// A stretch of days makes two changes, one at each end; a step of the price makes one.
const SPECIALS_PER_CHANGE = 0.3
const SHORTAGES_PER_CHANGE = 0.15
const STEPS_PER_CHANGE = 0.1
const GAPS_PER_TURNOVER = 0.25
const PHASE = 0xffffffff

/** The shelf of a store. */
export function shelfOf(plan: Plan, { chain, index }: Store): Shelf {
  const chainKey = hash(plan.seed, chain.index + 1)
  const storeKey = hash(hash(chainKey, PURPOSE.assortment), index)
  const zone = hash(storeKey, PURPOSE.zone) % PRICE_ZONES
  const gaps = plan.turnoverShare * GAPS_PER_TURNOVER
  const storeGaps = recurringEvent(gaps, { cycle: 56, daysMin: 1, daysMax: 14 })
  const chainGaps = recurringEvent(gaps, { cycle: 120, daysMin: 10, daysMax: 40 })
  return {
    places: Math.round(plan.products / (CARRIED_SHARE * presentShare(storeGaps) * presentShare(chainGaps))),
    store: storeKey,
    chain: chainKey,
    zone,
    storeGaps,
    chainGaps,
    specials: recurringEvent(plan.changeShare * SPECIALS_PER_CHANGE, { cycle: 28, daysMin: 7, daysMax: 14 }),
    shortages: recurringEvent(plan.changeShare * SHORTAGES_PER_CHANGE, { cycle: 28, daysMin: 1, daysMax: 6 }),
    priceStepDays: Math.max(2, Math.round(1 / (plan.changeShare * STEPS_PER_CHANGE))),
  }
}

/** Whether the article at this place of the chain's range stands on the shelf that day. */
export function isShelved(shelf: Shelf, place: number, day: number): boolean {
  const key = hash(shelf.store, place)
  if (chance(key, PURPOSE.assortment) >= CARRIED_SHARE) return false
  if (eventNumber(shelf.storeGaps, hash(key, PURPOSE.storeGap), day) >= 0) return false
  return eventNumber(shelf.chainGaps, hash(hash(shelf.chain, PURPOSE.chainGap), place), day) < 0
}

/** The terms of an article that usually costs `cents`, that day. */
export function termsOf(shelf: Shelf, place: number, cents: number, day: number): Terms {
  const key = hash(hash(shelf.chain, PURPOSE.price), place)
  const usualCents = usualCentsOf(shelf, key, cents, day)
  const special = eventNumber(shelf.specials, hash(key, PURPOSE.special), day)
  const stock = hash(hash(shelf.store, PURPOSE.stock), place)
  const isAvailable = chance(stock, PURPOSE.stock) < IN_STOCK_SHARE && eventNumber(shelf.shortages, stock, day) < 0
  if (special < 0) return { priceCents: usualCents, wasCents: null, isAvailable }
  // A tenth to a half off, in steps of ten cents.
  const off = Math.max(1, Math.floor((usualCents * (1 + (special % 5))) / 100)) * 10
  return { priceCents: usualCents - off, wasCents: usualCents, isAvailable }
}

function usualCentsOf(shelf: Shelf, key: number, cents: number, day: number): number {
  const zone = chance(key, PURPOSE.zone) < ZONED_SHARE ? shelf.zone : 0
  const step = cents < 300 ? 10 : Math.ceil(cents / 2000) * 50
  const phase = hash(key, PURPOSE.priceStep)
  const steps = Math.floor((day + (phase % shelf.priceStepDays)) / shelf.priceStepDays) + (phase >>> 16)
  return cents + step * (zone + (steps % 5))
}

function recurringEvent(perDay: number, { cycle, daysMin, daysMax }: Omit<RecurringEvent, 'share'>): RecurringEvent {
  const days = Math.max(2, Math.min(cycle, perDay > 0 ? Math.floor(1 / perDay) : cycle))
  // The last day of a cycle is always free, so that every stretch ends before the next begins.
  return {
    cycle: days,
    share: perDay * days,
    daysMin: Math.min(daysMin, days - 1),
    daysMax: Math.min(daysMax, days - 1),
  }
}

function presentShare({ cycle, share, daysMin, daysMax }: RecurringEvent): number {
  return 1 - (share * (daysMin + daysMax)) / 2 / cycle
}

// A number that belongs to the stretch which covers the day, or -1.
function eventNumber({ cycle, share, daysMin, daysMax }: RecurringEvent, key: number, day: number): number {
  const at = day + (hash(key, PHASE) % cycle)
  const number = Math.floor(at / cycle)
  const own = hash(key, number)
  if (own >= share * 2 ** 32) return -1
  const where = hash(own, number)
  const days = daysMin + (where % (daysMax - daysMin + 1))
  const start = (where >>> 8) % (cycle - days)
  const offset = at - number * cycle
  return offset >= start && offset < start + days ? where >>> 4 : -1
}
