/**
 * Which words of an English name say what it is: "Milk Chocolate" is chocolate, "Full Cream Milk 2L" is milk. They are
 * the last word that does not only describe, words of the shelf's name, and in produce the first ("Onions Brown"). Pure.
 */
import { stemOf } from './article-words.ts'
import { departmentOf } from './departments.ts'
import { withoutApostrophes, wordsIn } from './words.ts'

/** The name and brand of an article, and its path of categories from the top. */
export type ShelvedArticle = Readonly<{ name: string; brand: string | null; categories: readonly string[] }>

// From here on, a name says what an article comes with or whom it is for.
const ADDITION = /\s(?:with|in|for|from|by|w)\s.*$|\s[-–|]\s.*$|\(.*$/iu
const SIZE =
  /\b\d+(?:[.,]\d+)?\s*(?:x\s*)?(?:kg|g|gm|mg|ml|l|lt|litres?|cl|m|cm|mm|pk|pack|packs|ea|each|sheets?|s|ply|x|%)?(?![\p{L}\d])/giu
/** Pairs of words that only describe. */
const DESCRIPTIVE_PAIRS =
  /\b(?:full cream|free range|no added \p{L}+|no \p{L}+|\p{L}+ free|ready to eat|per kg|low fat|fat free|reduced fat)\b/giu
/** Words that only describe, wherever they stand. */
const DESCRIPTIVE_WORDS = new Set(
  `the a an and of per to or n pack packs pk bulk assorted each loose prepacked original classic regular large small medium mini
  family value premium natural fresh australian organic everyday quality range twin single multipack months month varieties variety
  flavour flavoured flavor kg g ml l bag punnet bunch tub bottle jar can carton box tray approx`.split(/\s+/),
)
/** Words that only describe if they come last. */
const DESCRIPTIVE_LAST_WORDS = new Set(
  `whole sliced slice diced chopped crushed shredded grated mild hot lite light skim unsalted salted sweetened unsweetened
  red green brown white yellow black purple pink washed brushed trimmed peeled pitted smooth crunchy thick thin cut half quarter
  seedless ripe frozen dried raw roasted cooked smoked lean extra`.split(/\s+/),
)
/** Compounds that are another thing than their last word alone. */
const COMPOUNDS = new Set(
  `ice cream|sour cream|peanut butter|almond butter|cookie butter|body butter|hand cream|face cream|shaving cream|custard cream|hot dog|cat milk|coconut cream|baby food|soap bar|iced tea|ice tea`.split(
    '|',
  ),
)
/** Words of shelf names that do not say what an article is. */
const VAGUE_SHELF_WORDS = new Set(
  'fresh frozen dried food other misc more fridge special speciality snack meal and'.split(' '),
)

/** The words of a name without sizes, leading brand and descriptions; all of them if nothing would be left. */
export function plainWordsOf({ name, brand }: ShelvedArticle): string[] {
  const words = withoutBrand(withoutDescriptions(name.replace(ADDITION, ' ')), brand)
  return words.length > 0 ? words : firstNotEmpty(withoutDescriptions(name), wordsIn(name))
}

/** The stems of the words that say what an article is. `words`: its plain words. */
export function headNounsOf(
  shelved: ShelvedArticle,
  words: readonly string[] = plainWordsOf(shelved),
  shelf: Shelf = shelfOf(shelved.categories),
): string[] {
  if (words.length === 0) return []
  let last = words.length - 1
  while (last > 0 && DESCRIPTIVE_LAST_WORDS.has(words[last]!)) last--
  const stems = words.map(stemOf)
  const heads = new Set(stems.filter((stem, index) => shelf.stems.includes(stem) && !isInCompound(words, index, shelf)))
  if (!isInCompound(words, last, shelf)) heads.add(stems[last]!)
  else heads.add(stems[last - 1]! + stems[last]!)
  if (words.length <= 3 && shelf.department === 'produce') heads.add(stems[0]!)
  return [...heads]
}

/** A shelf: the stems of its name, those of the aisles (categories) above it, and the department. */
export type Shelf = Readonly<{ stems: readonly string[]; aisles: readonly string[]; department: string | undefined }>

/** The shelf at the end of a path of categories. */
export function shelfOf(categories: readonly string[]): Shelf {
  const stemsOf = (step: string) => wordsIn(step).map(stemOf)
  return {
    stems: stemsOf(categories.at(-1) ?? '').filter((stem) => !VAGUE_SHELF_WORDS.has(stem)),
    aisles: categories.slice(0, -1).flatMap(stemsOf),
    department: departmentOf(categories.join(' / ')),
  }
}

function isInCompound(words: readonly string[], index: number, { stems }: Shelf): boolean {
  const [before = '', word = ''] = [words[index - 1], words[index]]
  return COMPOUNDS.has(`${before} ${stemOf(word)}`) && !(stems.length === 1 && stems[0] === stemOf(word))
}

/** All words of a name but its size. */
export function wordsWithoutSize(name: string): string[] {
  return wordsIn(withoutApostrophes(name.replace(SIZE, ' ')))
}

function withoutDescriptions(name: string): string[] {
  const words = wordsWithoutSize(name)
  const plain = wordsIn(words.join(' ').replace(DESCRIPTIVE_PAIRS, ' ')).filter((word) => !DESCRIPTIVE_WORDS.has(word))
  return firstNotEmpty(plain, words)
}

function withoutBrand(words: string[], brand: string | null): string[] {
  const own = new Set(wordsIn(withoutApostrophes(brand ?? '')))
  let first = 0
  while (first < words.length - 1 && own.has(words[first]!)) first++
  return words.slice(first)
}

function firstNotEmpty(...lists: string[][]): string[] {
  return lists.find((list) => list.length > 0) ?? []
}
