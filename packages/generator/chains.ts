/** The invented chains and their stores: the row format, SKUs and store names of each. */
import type { Plan } from './plan.ts'
import { hash, PURPOSE, pick } from './random.ts'

/** How a chain's scraper writes rows: `full` with every field, many of them null; `lean` without nulls and without store_id. */
export type Chain = Readonly<{
  index: number
  company: string
  name: string
  format: 'full' | 'lean'
  ownBrands: readonly string[]
  hasDescriptions: boolean
  hasBarcodes: boolean
  /** Whether other scripts are written as \uXXXX, as Python does unless told otherwise. */
  escapes: boolean
  /** The chain's own number of the product at this place of its range, or null where it has none. */
  sku: (place: number) => string | null
  storeId: (store: number) => string | null
}>

/** A shop of a chain. `index` counts within the chain. */
export type Store = Readonly<{ chain: Chain; index: number; id: string | null; name: string; state: string }>

const CHAINS: readonly Omit<Chain, 'index'>[] = [
  {
    company: 'harrow',
    name: 'Harrow & Finch',
    format: 'full',
    ownBrands: ['FINCH SELECT', 'HARROW BASICS', 'MILLER’S YARD'],
    hasDescriptions: false,
    hasBarcodes: false,
    escapes: true,
    sku: (place) => String(398_953 + place * 7).padStart(18, '0'),
    storeId: (store) => `H${101 + store}`,
  },
  {
    company: 'marigold',
    name: 'Marigold Grocers',
    format: 'full',
    ownBrands: ['Marigold', 'Marigold Value'],
    hasDescriptions: true,
    hasBarcodes: true,
    escapes: true,
    sku: (place) => String(60_017 + place * 13),
    storeId: (store) => String(21_904 + store * 3),
  },
  {
    company: 'oldmill',
    name: 'Old Mill Co-operative',
    format: 'lean',
    ownBrands: ['Old Mill', 'Co-op Honest'],
    hasDescriptions: false,
    hasBarcodes: true,
    escapes: false,
    sku: () => null,
    storeId: () => null,
  },
  {
    company: 'tidewater',
    name: 'Tidewater',
    format: 'lean',
    ownBrands: ['Tide & True', 'HARBOUR LINE'],
    hasDescriptions: false,
    hasBarcodes: false,
    escapes: true,
    sku: (place) => `TW-${String(10_000 + place)}-${'ABCDEFGH'[place % 8]}`,
    storeId: () => null,
  },
  {
    company: 'kestrel',
    name: 'Kestrel Markets',
    format: 'full',
    ownBrands: ['Kestrel', 'Wingspan'],
    hasDescriptions: false,
    hasBarcodes: true,
    escapes: false,
    sku: (place) => `${1_000_000 + place * 3}P`,
    storeId: (store) => String(500 + store),
  },
]

const PLACES =
  'Northgate|Nerrabee|Willow Creek|St Aldwyn|Port Heron|Kings Ferry|Ashgrove East|Mount Larch|Bellbird Park|Sandy Point|' +
  'Lower Wick|Tannery Lane|Old Quay|Fernhill|Greenacre Downs|Coral Reach|Ironbark|Millpond|Redcliff Bay|Orchard Rise'

const STATES = ['nsw', 'qld', 'vic', 'sa', 'wa', 'tas']

/** The chain with this index. Beyond the last one the list repeats, with a number appended to the names. */
export function chainOf(index: number): Chain {
  const round = Math.floor(index / CHAINS.length)
  const chain = pick(CHAINS, index)
  if (round === 0) return { ...chain, index }
  return { ...chain, index, company: `${chain.company}${round + 1}`, name: `${chain.name} ${round + 1}` }
}

/** The stores of a plan, chain by chain. */
export function* storesOf(plan: Plan): Generator<Store> {
  for (let chain = 0; chain < plan.companies; chain++)
    for (let index = 0; index < plan.stores; index++) yield storeOf(plan, chainOf(chain), index)
}

/** The store of a chain with this number. */
export function storeOf(plan: Plan, chain: Chain, index: number): Store {
  const places = PLACES.split('|')
  const round = Math.floor(index / places.length)
  const place = pick(places, index).toLowerCase() + (round === 0 ? '' : ` ${round + 1}`)
  const state = pick(STATES, hash(hash(hash(plan.seed, PURPOSE.state), chain.index), index))
  return { chain, index, id: chain.storeId(index), name: `${chain.company} ${place}`, state }
}
