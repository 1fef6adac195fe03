/** Departments of a shop, by words of categories: the same words in another department are another article. Pure. */

/** Departments by the words in a path, the first that is found counts. */
const DEPARTMENTS: readonly (readonly [string, RegExp])[] = [
  ['pet', /\b(?:pets?|dogs?|cats?|puppy|kitten)\b/i],
  ['baby', /\b(?:baby|infant|toddler|napp(?:y|ies))\b/i],
  ['liquor', /\b(?:liquor|wine|beer|spirits|cider|champagne)\b/i],
  ['frozen', /\b(?:freezer|frozen|ice cream|ice blocks?)\b/i],
  ['canned', /\b(?:canned|tinned)\b/i],
  ['household', /\b(?:cleaning|household|laundry|kitchen|hardware|garden|stationery)\b/i],
  ['beauty', /\b(?:health\s*&?\s*(?:and)?\s*beauty|hair|skin|dental|personal care|bath|medicinal|vitamins)\b/i],
  ['drink', /\b(?:drinks?|juices?|cordials?|water|soft drinks|sports (?:&|and) energy)\b/i],
  [
    'produce',
    /\b(?:fruits?\s*(?:&|and)\s*vegetables?|fruit and veg|fresh (?:fruits?|vegetables?|herbs?)|salads?(?! dressings?))\b/i,
  ],
  ['meat', /\b(?:poultry|beef|lamb|pork|veal|sausages?|burgers|seafood$|meat$)/i],
  ['deli', /\b(?:deli|antipasto|dips?|deli meats|chilled)\b/i],
  ['dairy', /\b(?:dairy|cheese|yogh?urt|milk|eggs|butter|cream)\b/i],
  ['bakery', /\b(?:bakery|bread|rolls|cakes?)\b/i],
  ['pantry', /\b(?:pantry|snacks?|confectione?ry|confectionary|baking|sauces?)\b/i],
]

/** Pairs of departments between which shops disagree where an article belongs. */
const OVERLAPPING = new Set([
  'dairy deli',
  'deli meat',
  'bakery pantry',
  'drink pantry',
  'canned pantry',
  'deli pantry',
  'deli produce',
  'dairy pantry',
])

/** The department of a category path; undefined if no word of it tells one. */
export function departmentOf(path: string): string | undefined {
  return DEPARTMENTS.find(([, words]) => words.test(path))?.[0]
}

/** Whether the same words in both departments may be the same article. */
export function mayShareArticles(one: string | undefined, other: string | undefined): boolean {
  if (one === undefined || other === undefined || one === other) return true
  return OVERLAPPING.has([one, other].sort().join(' '))
}
