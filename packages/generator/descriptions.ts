/** Product descriptions, with the HTML that scrapers leave in. */
import type { Article } from './articles.ts'
import { chance, hash, PURPOSE, pick } from './random.ts'

const PRAISE = [
  'A firm favourite at every table, made with care and packed at the source.',
  'Perfect for a quick lunch, a picnic or the lunch box; just open and enjoy.',
  'Naturally sweet and packed with essential vitamins, minerals and fibre.',
  'Made to our grandmother’s recipe with nothing artificial and no added palm oil.',
  'Slowly prepared in small batches for a rich flavour and a delicate finish.',
  'Great value for the whole family. Serve warm, with a drizzle of olive oil.',
]

const NOTES = [
  'Country of Origin: Made in Australia from at least 20% Australian ingredients',
  'Allergen may be present: Soy| Gluten| Wheat| Egg ',
  'Store below 5°C. Once opened consume within 3 days.',
  'This product is priced and sold by weight.',
]

const INGREDIENTS = (
  'almonds|apple|barley|basil|beetroot|butter|cacao|cardamom|carrot|celery seed|chickpeas|cinnamon|cloves|coconut|coriander|' +
  'cream|cumin|dates|fennel|fig|garlic|ginger|hazelnuts|honey|leek|lemon zest|lentils|mint|mustard|nutmeg|oats|onion|orange|' +
  'paprika|parsley|peppercorns|pistachios|pumpkin|quinoa|raisins|rosemary|saffron|sage|sea salt|sesame|spinach|thyme|' +
  'tomato|turmeric|vanilla|vinegar|walnuts|wheat starch|whey|yeast'
).split('|')

// What is drawn with these numbers; 0 and up are for ingredients.
const DRAW = { energy: 101, sugars: 102, protein: 103 }
const WITHOUT_DESCRIPTION_SHARE = 0.3

/** The description of an article, or null: shops leave many out. */
export function descriptionOf({ name, seed }: Article): string | null {
  const draw = hash(seed, PURPOSE.description)
  if (chance(draw, 0) < WITHOUT_DESCRIPTION_SHARE) return null
  const first = `${name} by the makers you know.<br/><br/>\n\n${pick(PRAISE, draw)}`
  const last = `- Vegan friendly<br />- Nothing artificial\u00a0<br />${pick(NOTES, draw >>> 8)}`
  return `${first} ${factsOf(draw)}<br /><br />${last}`
}

function factsOf(draw: number): string {
  const named = Array.from({ length: 4 + (draw % 11) }, (_, at) => pick(INGREDIENTS, hash(draw, at)))
  const energy = 80 + (hash(draw, DRAW.energy) % 2400)
  const sugars = (hash(draw, DRAW.sugars) % 400) / 10
  const protein = (hash(draw, DRAW.protein) % 300) / 10
  return `Made with ${named.join(', ')}. Per 100g: energy ${energy}kJ, sugars ${sugars}g, protein ${protein}g.`
}
