/**
 * Listings of invented chains whose names behave as those of real ones: five words on average, some of which half of a shop has and two of
 * five only one article, brands in front or not, a third of what a chain sells sold by others as well, in their own writing.
 */
import type { Article } from '../packages/data-management/catalogue/model/suggest.ts'
import { Chance } from '../packages/data-management/test/random.ts'

const SHELVES = [
  'Pantry / Snacks',
  'Pantry / Sauces',
  'Pantry / Biscuits',
  'Pantry / Confectionery',
  'Pantry / Canned Food',
  'Dairy / Cheese',
  'Dairy / Yoghurt',
  'Freezer / Frozen Meals',
  'Drinks / Juices',
  'Fruits & Vegetables / Fresh Vegetables',
  'Meat / Beef, Pork And Lamb',
  'Bakery / Bread',
  'Household / Laundry',
  'Health & Beauty / Hair',
  'Pets / Dogs',
]
// The commonest words of a shop, which decide what an article is; behind them come words that are made up.
const COMMON =
  'chicken chocolate milk beef sauce cheese cream rice bar chip organic salt light bean tomato biscuit yoghurt lemon vanilla bread garlic pasta nut oil soup butter fruit potato strawberry honey tea coffee juice'.split(
    ' ',
  )
const SYLLABLES = 'ba co di fe ga hu ja ke li mo na pu ra so ti ve wo za bri cla dro fle gra ple sto tri'.split(' ')
const SIZES = [100, 125, 150, 200, 250, 300, 375, 400, 500, 750, 1000]
const WORDS = 3_000
const SHARED_SHARE = 0.5
const BRANDS = 600
const OWN_BRANDS = 40

/** The listings of so many chains. The same seed gives the same. */
export function listingsOf(chains: number, perChain: number, seed = 1): Article[] {
  const chance = new Chance(seed)
  const shared = Array.from({ length: perChain }, () => articleOf(chance))
  const listings: Article[] = []
  for (let chain = 0; chain < chains; chain++)
    for (let at = 0; at < perChain; at++) {
      const article = chance.is(SHARED_SHARE) ? chance.of(shared) : articleOf(chance)
      listings.push(listingOf(chance, article, { id: listings.length, chain }))
    }
  return listings
}

type Made = Readonly<{ words: readonly string[]; brand: string; shelf: string; grams: number }>

function articleOf(chance: Chance): Made {
  const words = Array.from({ length: chance.between(2, 4) }, () => wordAt(rankOf(chance)))
  const brand = wordAt(WORDS + chance.between(0, BRANDS))
  return { words: [...new Set(words)], brand, shelf: chance.of(SHELVES), grams: chance.of(SIZES) }
}

/** As one chain writes it: every other chain with the brand in front and "Each" behind the size, the others with the size in the name. */
function listingOf(chance: Chance, { words, brand, shelf, grams }: Made, at: { id: number; chain: number }): Article {
  const { id, chain } = at
  const isLed = chain % 2 === 0
  const own = chance.is(0.4) ? wordAt(WORDS + BRANDS + chain * OWN_BRANDS + chance.between(0, OWN_BRANDS)) : brand
  const told = chance.is(0.15) ? [...words, wordAt(rankOf(chance))] : words
  const text = `${grams} g`
  return {
    id,
    company: `chain${chain}`,
    name: (isLed ? [own, ...told] : [...told, `${grams}g`]).join(' '),
    brand: own,
    size: isLed ? `${text} Each` : text,
    category: shelf,
  }
}

/** Words are as rare as in names of real shops: the first of so many stands in one of twelve, two of five in one only. */
function rankOf(chance: Chance): number {
  return Math.floor(WORDS ** (chance.next() ** 0.85)) - 1
}

function wordAt(rank: number): string {
  const common = COMMON[rank]
  if (common !== undefined) return common
  let word = ''
  for (let left = rank + 1; left > 0; left = Math.floor(left / SYLLABLES.length))
    word += SYLLABLES[left % SYLLABLES.length]
  return `${word}n`
}
