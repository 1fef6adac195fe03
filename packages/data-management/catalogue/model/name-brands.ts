/**
 * How many leading words of a shop's names are a brand: from brand fields, words that nearly always come first, and
 * words that no other shop has. Pure.
 */
import { foldedText, isDeciding, stemsOf } from './article-words.ts'

/** What tells the brand of a listing: the words of its name and of its brand field (empty if it has none). */
export type NameAndBrand = Readonly<{
  company: string
  category: string
  name: readonly string[]
  brand: readonly string[]
}>

/** For each listing, how many of the words of its name are a brand; never all of them. */
export function brandWordCounts(articles: readonly NameAndBrand[]): number[] {
  const brands = brandPhrases(articles)
  const users = soleUsersOf(articles)
  const namesLedByBrand = companiesLedByBrand(articles)
  return articles.map(({ company, name, brand }) => {
    const shared = brandWordsByField(name, brand)
    if (namesLedByBrand.get(company) === false) return shared
    return Math.max(shared, brandWordsByPhrase(name, brands), brandWordsByRarity(name, company, users))
  })
}

const PHRASE_WORDS_MAX = 4
const LEADING_MIN = 4
const LEADING_SHARE_MIN = 0.8

/** The brands that names begin with: those in brand fields, and words that nearly always come first. */
function brandPhrases(articles: readonly NameAndBrand[]): Set<string> {
  const phrases = new Set<string>()
  for (const { brand } of articles)
    if (brand.length > 0 && brand.length <= PHRASE_WORDS_MAX) phrases.add(brand.join(' '))
  const leading = new Map<string, number>()
  const all = new Map<string, number>()
  for (const { name: stems } of articles) {
    if (stems.length > 1) leading.set(stems[0]!, (leading.get(stems[0]!) ?? 0) + 1)
    for (const stem of new Set(stems)) all.set(stem, (all.get(stem) ?? 0) + 1)
  }
  for (const [stem, count] of leading)
    if (count >= LEADING_MIN && count / all.get(stem)! >= LEADING_SHARE_MIN && !isDeciding(stem)) phrases.add(stem)
  return phrases
}

/** How many leading words of a name are a brand; never all of them, and never a single deciding word. */
function brandWordsByPhrase(stems: readonly string[], brands: ReadonlySet<string>): number {
  for (let count = Math.min(PHRASE_WORDS_MAX, stems.length - 1); count > 0; count--) {
    const phrase = stems.slice(0, count)
    if (brands.has(phrase.join(' ')) && !(count === 1 && isDeciding(phrase[0]!))) return count
  }
  return 0
}

/** How many leading words of a name its own brand field begins with, too; never all of them. */
function brandWordsByField(stems: readonly string[], brand: readonly string[]): number {
  let count = 0
  while (count < stems.length - 1 && count < brand.length && stems[count] === brand[count]) count++
  return count
}

/** The only company that has a word in its names; undefined if several have it, or if any category has it. */
function soleUsersOf(articles: readonly NameAndBrand[]): Map<string, string | undefined> {
  const users = new Map<string, string | undefined>()
  for (const { company, name } of articles)
    for (const stem of name) users.set(stem, users.has(stem) && users.get(stem) !== company ? undefined : company)
  for (const path of new Set(articles.map(({ category }) => category)))
    for (const stem of stemsOf(foldedText(path))) users.set(stem, undefined)
  return users
}

const BRAND_LED_MIN = 0.5

/** Whether a company's names begin with the brand: at least half of those with a known brand do. */
function companiesLedByBrand(articles: readonly NameAndBrand[]): Map<string, boolean> {
  const counts = new Map<string, { led: number; all: number }>()
  for (const { company, name, brand } of articles) {
    if (brand.length === 0) continue
    const count = counts.get(company) ?? { led: 0, all: 0 }
    counts.set(company, count)
    count.all++
    if (brand[0] === name[0]) count.led++
  }
  return new Map([...counts].map(([company, { led, all }]) => [company, led >= BRAND_LED_MIN * all]))
}

/** 1 if no other company and no category has the first word, most likely a brand; 0 otherwise or if it is deciding. */
function brandWordsByRarity(
  stems: readonly string[],
  company: string,
  users: ReadonlyMap<string, string | undefined>,
): number {
  const isForeign = (stem: string) => users.get(stem) === company && !isDeciding(stem)
  return stems.length > 2 && isForeign(stems[0]!) ? 1 : 0
}
