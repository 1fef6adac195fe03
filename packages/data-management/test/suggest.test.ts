/** Suggested pairs: the same article in other words is found, and what only sounds alike is not. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Article, findPairs } from '../catalogue/model/suggest.ts'
import { figuresOf } from './labelled-pairs.ts'

type Shown = readonly [name: string, brand: string | null, size: string | null, category: string]

const PASTA = 'Pantry / Pasta, Rice & Grains'
const DRIED = 'Grocery / Pantry / Dried Pasta'
const JAM = 'Pantry / Jams & Spreads'
const NUTS = 'Grocery / Pantry / Peanut Butter'
const CANS = 'Pantry / Canned Food'
const SWEETS = 'Pantry / Confectionery'
const BARS = 'Pantry / Confectionery / Chocolate Bars'
const MINTS = 'Pantry / Confectionery / Gums, Mints And Medicated'
const SNACKS = 'Pantry / Cereal Bars & Nutritional Snacks'
const CRISPS = 'Pantry / Chips & Other'
const ASIAN = 'Pantry / International Foods / Asian And Thai'
const FRUIT = 'Fruits & Vegetables / Fresh Fruits'
const MELONS = 'Fruit And Vegetable / Fruit / Peaches, Melons & Mangoes'
const COLD = 'Freezer / Frozen Vegetables'

/** What two invented shops sell, and what a person says of each pair. */
const LABELLED: readonly (readonly [one: Shown, other: Shown, said: 'identical' | 'comparable' | 'no'])[] = [
  [
    ['Buttons Orange 365g', 'REDSTONE', '365 g', 'Snacks'],
    ['Redstone Buttons Orange', 'Redstone', '365g Each', 'Snacks'],
    'identical',
  ],
  [
    ['Ginger Rings 250g', "MILLER'S", '250 g', 'Pantry / Biscuit & Cookies'],
    ["Miller's Ginger Rings", "Miller's", '250g Each', 'Pantry / Biscuits And Cookies'],
    'identical',
  ],
  [
    ['Pasta Spirals 500g', 'FARRO', '500 g', PASTA],
    ['Goldfield Spirals', 'Goldfield', '500g Each', DRIED],
    'comparable',
  ],
  [
    ['Smooth Peanut Butter 500g', 'NUTTA', '500 g', JAM],
    ['Pip Peanut Butter Smooth', 'Pip', '375g Each', NUTS],
    'comparable',
  ],
  [['Smooth Almond Butter 250g', 'NUTTA', '250 g', JAM], ['Pip Almond Butter Crunchy', 'Pip', '250g Each', NUTS], 'no'],
  [
    ['Baby Broccoli Bunch', null, '1 each', 'Fruits & Vegetables / Fresh Vegetables'],
    ['Broccolini Bunch', '刀片公司', 'Each', 'Grocery / Fruit And Vegetable / Vegetables'],
    'comparable',
  ],
  [
    ['Pak Choy Bunch', null, '1 each', 'Fruits & Vegetables / Fresh Vegetables'],
    ['Bok Choy', '刀片公司', 'Each', 'Grocery / Fruit And Vegetable / Vegetables'],
    'comparable',
  ],
  [
    ['Corn Kernels 500g', 'SNOWY', '500 g', COLD],
    ['Edge Corn Kernels', 'Edge', '420g Each', 'Grocery / Canned Vegetables'],
    'no',
  ],
  [
    ['Sardines in Brine 125g', 'TIDE', '125 g', CANS],
    ['Captain Sardines In Brine', 'Captain', '110g Each', 'Grocery / Canned Salmon And Seafood'],
    'comparable',
  ],
  [
    ['Sardines in Oil 425g', 'TIDE', '425 g', CANS],
    ['Captain Sardines In Oil', 'Captain', '110g Each', 'Grocery / Canned Salmon And Seafood'],
    'no',
  ],
  [
    ['Coconut Oil 250ml', 'PALMA', '250 ml', 'Pantry / Oils'],
    ['Palma Coconut Oil Spray', 'Palma', '250ml Each', 'Grocery / Pantry / Oils And Vinegar'],
    'no',
  ],
  [
    ['Whole Cumin 30g', 'SPICER', '30 g', 'Pantry / Herbs & Spices'],
    ['Ember Herbs And Spices Cumin Ground', 'Ember', '30g Each', 'Pantry / Herbs And Spices'],
    'no',
  ],
  [
    ['Paprika Ground 45g', 'SPICER', '45 g', 'Pantry / Herbs & Spices'],
    ['Ember Herbs And Spices Paprika Ground', 'Ember', '35g Each', 'Pantry / Herbs And Spices'],
    'comparable',
  ],
  [
    ['Beef Strips 100g', 'REX', '100 g', 'Pets / Dogs & Puppy'],
    ['Prairie Beef Strips', 'Prairie', '100g Each', 'Grocery / Pantry / Snacks'],
    'no',
  ],
  [['Gluten Free Penne 500g', 'FARRO', '500 g', PASTA], ['San Luca Penne', 'San Luca', '500g Each', DRIED], 'no'],
  [
    ['Pears Loose', null, 'approx. 0.17 kg per piece', 'Fruits & Vegetables / Fresh Fruits'],
    ['Pears Prepack 1kg', null, 'Each', 'Grocery / Fruit And Vegetable / Fruit'],
    'no',
  ],
  [
    ['Caramelised Biscuits 250g', 'BELMOR', '250 g', 'Pantry / Biscuit & Cookies'],
    ['Loti Speculoos', 'Loti', '250g Each', 'Pantry / Biscuits And Cookies'],
    'comparable',
  ],
  // What a shop puts in front of its names is a brand, also when no field says so.
  [
    ['Fish Sauce 300ml', 'ORIENT', '300 ml', 'Pantry / Sauces'],
    ['Octo Fish Sauce', null, '300ml Each', ASIAN],
    'comparable',
  ],
  [
    ['Milky Dream Chocolate Bar 40g', 'CHOCO', '40 g', SWEETS],
    ['Twirly Chocolate Bar', 'Twirly', '44g Each', BARS],
    'no',
  ],
  // What a category says of all that stands there need not be in the name; what it lists beside each other must.
  [
    ['Vegetable Soup 430g', 'POT', '430 g', 'Pantry / Soups & Noodles'],
    ['Kettle & Co Classic Canned Soup Vegetable', 'Kettle & Co', '500g Each', 'Pantry / Soups / Canned Soup'],
    'comparable',
  ],
  [
    ['Pork And Beef Mince 500g', 'REX', '0.5 kg', 'Meat & Seafood / Pork'],
    ['Meadow Beef Mince', 'Meadow', '500g EachUnit', 'Meat / Beef, Pork And Lamb'],
    'no',
  ],
  [['Peppermint Gum 27g', 'BLITZ', '27 g', SWEETS], ['Tacky Peppermint', 'Tacky', '24g Each', MINTS], 'no'],
  [
    ['Spearmint Gum 64g', 'BLITZ', '64 g', SWEETS],
    ['Xtra Spearmint Chewing Gum Sugar Free', 'Xtra', '64g Each', MINTS],
    'comparable',
  ],
  // In a pack or by weight, whole or cut.
  [
    ['Marinated Chicken Wings', 'REX', 'approx. 0.5 kg per package', 'Meat & Seafood / Poultry'],
    ['Meadow Marinated Chicken Wings', 'Meadow', '400g Each', 'Meat / Chicken And Other Poultry'],
    'comparable',
  ],
  [
    ['Cut Watermelon Loose', null, 'approx. 1.8 kg per piece', FRUIT],
    ['Red Watermelon Quarter', null, '1.5kg EachUnit', MELONS],
    'comparable',
  ],
  [['Honeydew each', null, '1 each', FRUIT], ['Half Honeydew', null, 'Each', MELONS], 'no'],
  [['Rockmelon Each', null, '1 each', FRUIT], ['Whole Rockmelon', null, 'Each', MELONS], 'comparable'],
  // A size that only the name tells,
  [['Onion Whirls 270g', 'WHIRLS', null, CRISPS], ['Whirls Onion', 'Whirls', '270g Each', CRISPS], 'identical'],
  // one that is told nowhere, and words that flip the article.
  [
    ['Fig Muesli Bars 270g', 'HILL', '270 g', 'Pantry / Lunch Box'],
    ['Carrow Fig Muesli Bars', 'Carrow', 'Each', SNACKS],
    'comparable',
  ],
  [
    ['Butter Popcorn 90g', 'SPRINT', '90 g', CRISPS],
    ['Poppo Microwave Popcorn Butter', 'Poppo', '85g Each', CRISPS],
    'no',
  ],
  [
    ['Pepper Sauce 60ml', 'HEAT', '60 ml', 'Pantry / Sauces'],
    ['Heat Pepper Chipotle Sauce', 'Heat', '60ml Each', 'Pantry / Sauces'],
    'no',
  ],
  [
    ['Black Peppercorn Grinder 50g', 'STONE', '50 g', 'Pantry / Herbs & Spices'],
    ['Saltus Pepper Grinder Black Peppercorn', 'Saltus', '45g Each', 'Pantry / Salt And Pepper'],
    'comparable',
  ],
  [['Cheese Whirls 270g', 'WHIRLS', '270 g', CRISPS], ['Whirls Cheese', 'Whirls', '270g Each', CRISPS], 'identical'],
]

function articlesOf(shown: readonly (readonly [Shown, Shown, string])[]): Article[] {
  return shown.flatMap((pair, index) =>
    [pair[0], pair[1]].map(([name, brand, size, category], side) => ({
      id: 2 * index + side,
      company: side === 0 ? 'northmart' : 'oakmart',
      name,
      brand,
      size,
      category,
    })),
  )
}

test('what a person calls identical or comparable is suggested so, and what one word makes another thing is not', () => {
  const found = new Map(findPairs(articlesOf(LABELLED)).map((pair) => [`${pair.a} ${pair.b}`, pair]))
  for (const [index, [[name], , said]] of LABELLED.entries())
    assert.equal(found.get(`${2 * index} ${2 * index + 1}`)?.level ?? 'no', said, name)
  for (const { score, reasons } of found.values()) assert.ok(score > 0 && score <= 1 && reasons.length > 1)
})

test('the pairs depend on no order of the listings', () => {
  const articles = articlesOf(LABELLED)
  assert.deepEqual(findPairs(articles.toReversed()), findPairs(articles))
})

test('of pairs that people have judged nine of ten that are suggested are right, also where the rules were not made with them in view', () => {
  for (const seen of [true, false]) {
    const { pairs, rightOfSuggested, rightOfIdentical, found } = figuresOf(seen)
    const figures = JSON.stringify({ seen, pairs, rightOfSuggested, rightOfIdentical, found })
    assert.ok(rightOfSuggested >= 0.9 && rightOfIdentical >= 0.97 && found >= 0.55, figures)
  }
})
