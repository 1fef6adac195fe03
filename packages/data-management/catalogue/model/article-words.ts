/**
 * Turns names of articles into words that can be compared between shops: without sizes and filler words, as stems,
 * with one word for synonyms. Deciding words must agree; the others weigh the more, the rarer they are. Pure.
 */

/** Replaces synonyms by one word. Applied to the folded text, before it is split into words. */
const SYNONYMS: readonly (readonly [RegExp, string])[] = [
  [/\bbaby broccoli\b/g, 'broccolini'],
  [/\b(?:bok|pak|buk) cho[yi]\b/g, 'pakchoy'],
  [/\b(?:caramelised|caramelized) biscuits?\b/g, 'speculoos'],
  [/\b(?:hummus|houmous|hommous|humus|hoummus)\b/g, 'hommus'],
  [/\b(?:barbecue|barbeque|bar-b-q)\b/g, 'bbq'],
  [/\bchoc\b/g, 'chocolate'],
  [/\bmayo\b/g, 'mayonnaise'],
  [/\bfetta\b/g, 'feta'],
  [/\b(?:yogurt|yoghourt)\b/g, 'yoghurt'],
  [/\bchill?(?:i|y|ies|is)\b/g, 'chilli'],
  [/\b(?:veggie|vege|veggies|veg)\b/g, 'vegetable'],
  [/\bcorn flakes\b/g, 'cornflakes'],
  [/\bwhole meal\b/g, 'wholemeal'],
  [/\bmulti grain\b/g, 'multigrain'],
  [/\bsun dried\b/g, 'sundried'],
  [/\b(?:no added sugar|no sugar(?: added)?|sugar free|zero sugar|without sugar)\b/g, 'sugarfree'],
  [/\b(?:no added salt|no salt(?: added)?|salt free)\b/g, 'saltfree'],
  [/\b(?:salt reduced|reduced salt|low salt|low sodium)\b/g, 'saltreduced'],
  [/\bchewing gum\b/g, 'gum'],
  [/\bsugarfree(.*)\bgum\b/g, '$1 gum'],
  [/\bgum(.*)\bsugarfree\b/g, 'gum $1'],
  [/\b(?:fat free|skimmed|skim|no fat)\b/g, 'skim'],
  [/\b(?:reduced fat|low fat|lite|light|lean|97 fat free|98 fat free|99 fat free)\b/g, 'light'],
  [/\b(?:full cream|whole) milk\b/g, 'fullcream milk'],
  [/\b(?:gluten free|gf)\b/g, 'glutenfree'],
  [/\b(?:lactose free)\b/g, 'lactosefree'],
  [/\b(?:free range)\b/g, 'freerange'],
  [/\b(?:dairy free|plant based|vegan)\b/g, 'vegan'],
  [/\b(?:long life|uht)\b/g, 'longlife'],
  [/\b(?:self raising)\b/g, 'selfraising'],
  [/\b(?:extra virgin)\b/g, 'extravirgin'],
  [/\b(?:peanut butter)\b/g, 'peanutbutter'],
  [/\b(?:ice cream)\b/g, 'icecream'],
  [/\b(?:sour cream)\b/g, 'sourcream'],
  [/\b(?:sweet potato(?:es)?)\b/g, 'sweetpotato'],
  [/\b(?:spring onions?)\b/g, 'springonion'],
  [/\b(?:sweetcorn|sweet corn)\b/g, 'corn'],
  [/\b(?:coconut water)\b/g, 'coconutwater'],
  [/\b(?:sea salt)\b/g, 'salt'],
  [/\b(?:minced)\b/g, 'mince'],
  [/\b(?:prawn crackers)\b/g, 'prawncracker'],
  [/\bcookies?\b/g, 'biscuit'],
  [/\b(?:crisp bread)\b/g, 'crispbread'],
  [/\b(?:zucchinis|courgettes?)\b/g, 'zucchini'],
  [/\b(?:aubergines?)\b/g, 'eggplant'],
  [/\b(?:rockmelon|cantaloupe)\b/g, 'rockmelon'],
  [/\blightly salted\b/g, ' '],
  [/\b(?:thins|thin cut)\b/g, 'thin'],
  [/\bpeppercorns?\b/g, 'pepper'],
  [/\bin (?:white |red )?(?:wine )?vinegar\b/g, ' '],
  [/\bred (?=watermelon)/g, ''],
  [/\bwhole (?=(?:pumpkin|melon|watermelon|rockmelon|honeydew|cabbage|celery|papaya|pineapple)s?\b)/g, ''],
  [/\basian greens?\b/g, ' '],
  [/\bsriracha (?:hot )?(?:chilli )?/g, 'sriracha '],
  [/\bsalted caramel\b/g, 'salt caramel'],
  [/\b(?:four|4) bean\b/g, 'fourbean'],
  [/\b(?:garlic )?aioli(?: garlic)?(?: mayonnaise)?\b/g, 'aioli'],
  [/\bmayonnaise aioli\b/g, 'aioli'],
  [/\bsalsa dip\b/g, 'salsa'],
  [/\bcorn taco\b/g, 'taco'],
  [/\bbaby capers\b/g, 'capers'],
  [/\bcrinkle cut\b/g, 'crinkle'],
  [/\b(?:rolled|traditional) oats\b|\boats rolled\b/g, 'oats'],
  [/\b(?:top|upside) down\b|\bof modena\b|\b\d+ ?%? cocoa\b/g, ' '],
  [/\b(?:quick|instant) oats\b|\boats (?:quick|instant)(?: porridge)?\b/g, 'quickoats'],
  [/\binstant noodles\b/g, 'noodles'],
  [/\b(?:white rice|rice white)\b/g, 'rice'],
  [/\b(long grain|jasmine|basmati) white\b/g, '$1'],
  [/\bwhole(?=.*\bgrinder\b)/g, ' '],
  [/\boats (?:traditional )?porridge\b|\bporridge oats\b/g, 'oats'],
  [/\b(?:mgo|umf) ?\d*\+?/g, ' '],
  [/\bready to eat jelly\b/g, 'readyjelly'],
  [/\bmicrowav(?:e|able)(.*)\bpopcorn\b/g, '$1 microwavepopcorn'],
  [/\b(?:white|red) wine vinegar\b/g, 'winevinegar $&'],
  [
    /\b(?:freshly cut|cut|quarter|half)\b(?=.*\b(?:pumpkin|melon|watermelon|rockmelon|honeydew|cabbage|celery|papaya)s?\b)/g,
    'half',
  ],
  [/\b(pumpkin|watermelon|rockmelon|honeydew|cabbage|celery|papaya)s?(.*)\b(?:cut|quarter|half)\b/g, '$1 $2 half'],
]

const FILLER_WORDS = new Set(
  `the a an and with in of for by per to from on or n no seriously deli bulb original classic traditional style styled premium finest fine natural naturally value
  pack family large small bulk loose each bag tub punnet bunch box jar bottle australian australia aussie grown new range share selected
  gourmet deluxe rspca approved made real quality best flavour flavoured flavor flavored snack packet pouch pkt tray tin tinned can canned carton prepack
  prepacked multipack extra fresh everyday essential simply special select free product bagged prewashed washed premium reduced ripe ready always our homestyle farmhouse authentic
  genuine imported local size fun approx piece twin single double triple mega jumbo king super tasty delicious crunchies plain
  iodised sea regular lot squeeze squeezable squeezy sweetened shaker garnished topped gently proudly brand brands co totally just goodness ultimate perfect great good`.split(
    /\s+/,
  ),
)

/** Words that must agree: if only one of two articles has such a word, they are different things. */
const DECIDING = new Set(
  `organic glutenfree lactosefree vegan vegetarian sugarfree diet saltfree saltreduced skim light fullcream freerange decaf caffeine
  dried smoked cooked raw roasted roast salted unsalted pickled marinated crumbed battered pulled
  smooth crunchy whole ground mince diced chopped crushed sliced slice shredded grated block flaked halved halves pitted stuffed peeled
  gum lolly powder instant liquid spray stick wedge ring cube fillet bean beans kernel cob cream creamed spread paste sauce soup stock gravy dip mix
  popcorn microwavepopcorn readyjelly winevinegar nut half peppermint spearmint truffle jalapeno liquorice chipotle rocket
  relish chutney jam marmalade syrup honey oil vinegar juice cordial drink water tea coffee capsule pod bar biscuit cracker cake
  bread roll bun muffin wrap pie pizza pasta noodle rice flour cereal muesli oat granola yoghurt cheese butter margarine milk egg
  spaghetti penne fettuccine linguine macaroni lasagne gnocchi ravioli tortellini couscous quinoa
  beef pork chicken lamb turkey veal duck kangaroo tuna salmon sardine mackerel prawn fish crab mussel ham bacon salami chorizo prosciutto
  breast thigh drumstick wing mince steak rump scotch sirloin porterhouse eye chop cutlet rib brisket loin tenderloin shank shoulder leg
  belly sausage burger meatball schnitzel kebab nugget
  dog cat puppy kitten adult senior baby toddler
  red green white black brown yellow golden dark purple pink blue
  mild medium hot spicy sweet sour
  wholemeal multigrain sourdough rye wholegrain raisin fruit
  chilli bbq garlic onion herb basil parsley coriander mint rosemary thyme oregano sage dill chive coleslaw cumin turmeric paprika cinnamon ginger
  pepper salt lemon lime orange apple pear banana mango pineapple strawberry raspberry blueberry blackberry cherry peach apricot plum grape
  passionfruit cranberry pomegranate coconut vanilla chocolate caramel hazelnut almond cashew peanut walnut pecan macadamia pistachio
  sesame sunflower pumpkin chia flax tomato potato carrot pea lentil chickpea kidney cannellini mushroom spinach kale lettuce cucumber
  capsicum celery cabbage broccoli cauliflower zucchini eggplant avocado olive sultana date fig prune corn beetroot asparagus
  cheddar mozzarella parmesan feta brie camembert ricotta halloumi colby swiss gouda edam
  canola vegetable extravirgin rice soy teriyaki oyster sriracha sweetchilli satay korma tikka butter masala vindaloo rendang laksa
  bolognese carbonara napoletana arrabbiata alfredo pesto tabasco worcestershire tartare aioli mayonnaise mustard dijon ranch caesar
  shampoo conditioner soap toothpaste deodorant detergent bleach tissue towel toilet nappy wipe
  jasmine basmati arborio sushi longgrain caster icing raw selfraising bread cooking baking ice
  kalamata manzanilla navel valencia imperial pinklady fuji gala granny smith truss cherry roma cocktail
  unsweetened refried buckwheat spelt toast seaweed massaman panang fennel wagyu goulash stroganoff casserole curry thick habanero wasabi speculoos espresso latte cappuccino mocha`.split(
    /\s+/,
  ),
)

/** Words for the form in which something is sold. A name of only these and a brand is told apart by the brand alone. */
const FORMS = new Set('bar chocolate spread cracker chip crisp lolly gum mint drink snack cereal'.split(' '))

const SIZE_WORDS =
  /\b\d+(?:[.,]\d+)?\s*(?:x\s*\d+(?:[.,]\d+)?\s*)?(?:kg|g|gm|mg|ml|l|lt|litres?|cl|m|cm|mm|pk|pack|packs|ea|each|sheets?|s|x)\b|\b\d+(?:[.,]\d+)?(?:\s*[-x]\s*\d+)?\b/g

/** A text in lower case, without accents, HTML entities and signs but `.` and `,`; `&` becomes "and". */
export function foldedText(text: string): string {
  return text
    .replace(/&(?:#\d+|[a-z]+);/gi, '')
    .normalize('NFKD')
    .replace(/[\u0300-\u036f]|['’`´]/g, '')
    .toLowerCase()
    .replace(/&/g, ' and ')
    .replace(/[^\p{L}\p{N}.,]+/gu, ' ')
    .trim()
}

/** The stems of the words of a folded name, in their order, without sizes. */
export function stemsOf(folded: string): string[] {
  let text = ` ${folded.replace(SIZE_WORDS, ' ')} `
  for (const [pattern, word] of SYNONYMS) text = text.replace(pattern, word)
  return (text.match(/[\p{L}][\p{L}\p{N}]*/gu) ?? []).map(stemOf)
}

/** The words of a name without filler words and single letters. */
export function articleWordsOf(stems: readonly string[]): ReadonlySet<string> {
  return new Set(stems.filter((word) => !FILLER_WORDS.has(word) && word.length > 1))
}

/** Whether two articles are different things if only one of them has this word. */
export function isDeciding(word: string): boolean {
  return DECIDING.has(word)
}

/** Whether all words only say in which form something is sold. */
export function areAllForms(words: Iterable<string>): boolean {
  return [...words].every((word) => FORMS.has(word))
}

const LIST_SEPARATOR = /[,&]|\band\b/i

/**
 * The words that a category path says of everything in it. A part that is a list ("Beef, Pork And Lamb") says none of
 * its deciding words of everything.
 */
export function categoryWordsOf(path: string): ReadonlySet<string> {
  return new Set(
    path.split(' / ').flatMap((part) => {
      const stems = [...new Set(stemsOf(foldedText(part)))]
      const isList = LIST_SEPARATOR.test(part) && stems.filter((stem) => DECIDING.has(stem)).length > 1
      return stems.filter((stem) => !(isList && DECIDING.has(stem)))
    }),
  )
}

const NEVER_IMPLIED = new Set(
  `organic glutenfree lactosefree vegan vegetarian sugarfree saltfree freerange halal kosher
  beef pork lamb veal chicken turkey duck kangaroo fish salmon tuna dip`.split(/\s+/),
)

/** Whether a word names a diet or an animal, which a name must say even if its category says it. */
export function isNeverImplied(word: string): boolean {
  return NEVER_IMPLIED.has(word)
}

/** The singular of an English word, by its ending. Words of up to three letters, and those not of a to z only, stay. */
export function stemOf(word: string): string {
  if (word.length <= 3 || !/^[a-z]+$/.test(word)) return word
  if (/(?:ss|us|is)$/.test(word)) return word
  if (word.endsWith('ies') && word.length > 4) return `${word.slice(0, -3)}y`
  if (/(?:oes|shes|ches|xes|sses)$/.test(word)) return word.slice(0, -2)
  return word.endsWith('s') ? word.slice(0, -1) : word
}
