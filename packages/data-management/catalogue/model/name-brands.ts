/**
 * How many words in front of a shop's names are a brand: what brand fields say, words that nearly always stand in front, and words that no
 * other shop has. Pure.
 */
import { foldedText, isDeciding, stemsOf } from './article-words.ts'

/** What of a listing tells its brand. */
type Named = Readonly<{ company: string; brand: string | null; category: string }>

/** For each listing, how many of the words of its name are a brand; never all of them. */
export function brandLengthsOf(articles: readonly Named[], names: readonly (readonly string[])[]): number[] {
  const brands = brandPhrases(articles, names)
  const users = usersOf(articles, names)
  const led = brandLedOf(articles, names)
  return articles.map(({ company, brand }, index) => {
    const stems = names[index]!
    const shared = sharedLead(stems, brand === null ? [] : stemsOf(foldedText(brand)))
    if (led.get(company) === false) return shared
    return Math.max(shared, leadingBrand(stems, brands), foreignLead(stems, company, users))
  })
}

const PHRASE_WORDS_MAX = 4
const LEADING_MIN = 4
const LEADING_SHARE_MIN = 0.8

/** The brands that names begin with: what brand fields say, and words that stand nearly always in front. */
function brandPhrases(articles: readonly Named[], names: readonly (readonly string[])[]): Set<string> {
  const phrases = new Set<string>()
  for (const { brand } of articles) {
    const stems = brand === null ? [] : stemsOf(foldedText(brand))
    if (stems.length > 0 && stems.length <= PHRASE_WORDS_MAX) phrases.add(stems.join(' '))
  }
  const leading = new Map<string, number>()
  const all = new Map<string, number>()
  for (const stems of names) {
    if (stems.length > 1) leading.set(stems[0]!, (leading.get(stems[0]!) ?? 0) + 1)
    for (const stem of new Set(stems)) all.set(stem, (all.get(stem) ?? 0) + 1)
  }
  for (const [stem, count] of leading)
    if (count >= LEADING_MIN && count / all.get(stem)! >= LEADING_SHARE_MIN && !isDeciding(stem)) phrases.add(stem)
  return phrases
}

/** How many words in front of a name are a brand; never all of them, and none that decides alone. */
function leadingBrand(stems: readonly string[], brands: ReadonlySet<string>): number {
  for (let count = Math.min(PHRASE_WORDS_MAX, stems.length - 1); count > 0; count--) {
    const phrase = stems.slice(0, count)
    if (brands.has(phrase.join(' ')) && !(count === 1 && isDeciding(phrase[0]!))) return count
  }
  return 0
}

/** How many words in front of a name its own brand begins with, too; never all of them. */
function sharedLead(stems: readonly string[], brand: readonly string[]): number {
  let count = 0
  while (count < stems.length - 1 && count < brand.length && stems[count] === brand[count]) count++
  return count
}

/** Which company has a word in its names, or in any category: undefined where that are several. */
function usersOf(articles: readonly Named[], names: readonly (readonly string[])[]): Map<string, string | undefined> {
  const users = new Map<string, string | undefined>()
  for (const [index, { company }] of articles.entries())
    for (const stem of names[index]!)
      users.set(stem, users.has(stem) && users.get(stem) !== company ? undefined : company)
  for (const path of new Set(articles.map(({ category }) => category)))
    for (const stem of stemsOf(foldedText(path))) users.set(stem, undefined)
  return users
}

const BRAND_LED_MIN = 0.5

/** Whether a company's names begin with the brand: most of those of which a brand is known do. */
function brandLedOf(articles: readonly Named[], names: readonly (readonly string[])[]): Map<string, boolean> {
  const counts = new Map<string, { led: number; all: number }>()
  for (const [index, { company, brand }] of articles.entries()) {
    if (brand === null) continue
    const count = counts.get(company) ?? { led: 0, all: 0 }
    counts.set(company, count)
    count.all++
    if (stemsOf(foldedText(brand))[0] === names[index]![0]) count.led++
  }
  return new Map([...counts].map(([company, { led, all }]) => [company, led >= BRAND_LED_MIN * all]))
}

/** One word in front that no other company and no category has is most likely a brand; one that decides is not. */
function foreignLead(
  stems: readonly string[],
  company: string,
  users: ReadonlyMap<string, string | undefined>,
): number {
  const isForeign = (stem: string) => users.get(stem) === company && !isDeciding(stem)
  return stems.length > 2 && isForeign(stems[0]!) ? 1 : 0
}
