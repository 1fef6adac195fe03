/** The words that product names are made of. Brands, chains and places are invented. */

/** A kind of goods: its noun, its place in the shop, and what its sizes are counted in. */
export type GoodsKind = Readonly<{ noun: string; path: readonly string[]; unit: 'g' | 'ml' | 'ea' }>

/** The words of one language. A name is a brand, a variety and a noun of the same language. */
export type Language = Readonly<{
  brands: readonly string[]
  varieties: readonly string[]
  kinds: readonly GoodsKind[]
}>

const BRANDS =
  'Alder & Co|Amberfield|BARROW FARMS|Bellwether|Brightwater|Butterwick|Cloudberry|COPPER KETTLE|Daisy Hill|Dunmore|' +
  "Eastlake|Fennimore's|FIRST LIGHT|Foxglove|Galloway Bay|GOLDEN ACRE|Goodstead|Greywhistle|Hazelbrook|Heron's Rest|" +
  "HOMEWARD|Inglewood|Juniper Lane|Kettle & Crumb|LARKSPUR|Lindenhof|Littleport|Maple Row|Meadowvale|MOONCAKE BROS|Nan's|" +
  'Northwind|OAK & IVY|Oldfield|Orchard End|Pebblecove|PENNYWISE|Quillfeather|Redgum Ridge|Rosella Park|RUSTIC TABLE|' +
  'Saltbush|SILVER BIRCH|Snapdragon|Stonebridge|Sunday Best|Tallow & Thyme|THREE SISTERS|Tumbledown|Upper Crust Mill|' +
  'Verdant|WATTLEGROVE|Whistlestop|Wild Plum|WINDMILL|Yarrow'

const VARIETIES =
  'Classic|Organic|Free Range|Smoked|Reduced Fat|Gluten Free|Extra Crunchy|Lightly Salted|No Added Sugar|Honey|Hot & Spicy|' +
  'Slow Cooked|Family|Mini|Thick Cut|Wholegrain|Double|Creamy|Tasty|Vintage|Lemon Pepper|Garlic & Herb|Sea Salt|' +
  'Sweet Chilli|Traditional|Premium|Everyday|Freshly Baked|Roasted|Marinated|Frozen|Diced|Sliced|Baby|Unsalted|Vanilla|' +
  'Chocolate|Strawberry|Apple & Pear|Concentrated|Sensitive|Ultra Soft|Lavender|Original'

const ENGLISH_DEPARTMENTS = [
  [
    'Meat & Seafood>Poultry',
    'g',
    'Chicken Drumsticks|Chicken Breast Fillets|Chicken Roasting Pieces|Turkey Mince|Duck Legs',
  ],
  ['Meat & Seafood>Sausages', 'g', 'Beef Sausages|Pork Chipolatas|Lamb Koftas|Bratwurst|Chorizo'],
  ['Meat & Seafood>Fish', 'g', 'Salmon Portions|Barramundi Fillets|Prawn Skewers|Tuna Steaks|Fish Fingers'],
  ['Fruit & Vegetables>Fruit', 'g', 'Bananas|Brown Pears|Mandarins|Royal Apples|Blueberries|Red Grapes'],
  ['Fruit & Vegetables>Vegetables>Salad', 'g', 'Baby Spinach|Cherry Tomatoes|Coleslaw Kit|Cucumbers|Rocket Leaves'],
  ['Dairy, Eggs & Fridge>Cheese', 'g', 'Cheddar Block|Grated Mozzarella|Brie Wheel|Parmesan Wedge|Cream Cheese'],
  ['Dairy, Eggs & Fridge>Milk', 'ml', 'Full Cream Milk|Skim Milk|Oat Drink|Almond Milk|Buttermilk'],
  ['Dairy, Eggs & Fridge>Yoghurt', 'g', 'Greek Style Yoghurt|Yoghurt Pouch|Custard|Sour Cream'],
  ['Bakery>Bread', 'g', 'White Sandwich Loaf|Sourdough Loaf|Burger Buns|Pita Pockets|Fruit Loaf'],
  ['Pantry>Baking>Flour & Sugar', 'g', 'Plain Flour|Caster Sugar|Bread Mix|Baking Powder|Almond Meal'],
  ['Pantry>Pasta & Rice', 'g', 'Penne Rigate|Spaghetti|Jasmine Rice|Couscous|Egg Noodles'],
  ['Pantry>Snacks>Biscuits', 'g', 'Shortbread Rounds|Oat Cookies|Cream Wafers|Rice Crackers|Muesli Bars'],
  ['Pantry>Jams & Spreads', 'g', 'Peanut Butter|Raspberry Jam|Hazelnut Spread|Orange Marmalade'],
  ['Pantry>Canned Food', 'g', 'Chopped Tomatoes|Chickpeas|Baked Beans|Tuna in Oil|Coconut Cream'],
  ['Freezer>Ice Cream', 'ml', 'Ice Cream Tub|Fruit Sorbet|Ice Cream Sticks|Frozen Yoghurt'],
  ['Drinks>Soft Drinks', 'ml', 'Ginger Beer|Cola|Lemonade|Tonic Water|Mineral Water'],
  ['Drinks>Coffee & Tea', 'g', 'Ground Coffee|Coffee Capsules|Breakfast Tea|Peppermint Tea'],
  ['Household>Laundry', 'ml', 'Laundry Liquid|Fabric Softener|Stain Remover|Wool Wash'],
  ['Household>Paper', 'ea', 'Toilet Tissue|Paper Towel|Facial Tissues|Patty Pans'],
  ['Health & Beauty>Personal Care', 'ml', 'Shampoo|Conditioner|Body Wash|Hand Cream|Mouthwash'],
  ['Baby>Nappies & Wipes', 'ea', 'Crawler Nappies|Toddler Nappies|Baby Wipes'],
  ['Pets>Dog & Cat', 'g', 'Dog Biscuits|Cat Food Pouches|Puppy Kibble|Dental Sticks'],
] as const

const FOREIGN_DEPARTMENTS = [
  [
    'French',
    'g',
    'Crème de Vallée|Château Brûlé',
    'Nature|Salée|Allégée|Façon Grand-Mère',
    'Pâté de Canard|Crêpes Sucrées|Gâteau aux Noix|Fromage Frais',
  ],
  [
    'German',
    'g',
    'Süßmühle|Bäckerei Förster',
    'Würzige|Zartbittere|Große|Ländliche',
    'Käsespätzle|Grünkernknödel|Müsliriegel|Leberwürste',
  ],
  [
    'Greek',
    'g',
    'Ελιά & Θάλασσα|Παλιός Μύλος',
    'Παραδοσιακό|Φρέσκο|Βιολογικό|Καπνιστό',
    'Τυρί Φέτα|Γιαούρτι|Μέλι Θυμαρίσιο|Ψωμί',
  ],
  [
    'Slavic',
    'g',
    'Берёзка|Старая Мельница',
    'Домашний|Копчёный|Сладкий|Деревенский',
    'Творог|Хлеб ржаной|Сыр|Пряник медовый',
  ],
  ['Chinese', 'g', '金竹园|明月楼', '香辣|五香|原味|手工', '豆腐干|红烧牛肉面|水饺|芝麻酥'],
  ['Japanese', 'g', '桜の里|まつや本舗', 'うすしお|抹茶|北の|昔ながらの', 'せんべい|そば|カレールー|もち'],
  ['Middle Eastern', 'g', 'بستان الزيتون|دار القمر', 'طازج|حار|تقليدي|بلدي', 'حمص بالطحينة|خبز عربي|زعتر|تمر'],
  ['Indian', 'g', 'सोना मसाला|गंगा किरण', 'ताज़ा|तीखा|शुद्ध|घरेलू', 'पनीर|बासमती चावल|आम का अचार|पापड़'],
  [
    'Party',
    'ea',
    'Fiesta 🎉|Hot Stuff 🌶️',
    'Jalapeño|Piñata|Señor|Más',
    'Tortilla Bowls|Piñón Salsa|Churros|Nacho Packs',
  ],
] as const

/** The languages of names, English first: most names are English, the rest are split among the others. */
export function languages(): readonly Language[] {
  const kinds = ENGLISH_DEPARTMENTS.flatMap(([path, unit, nouns]) => kindsOf(path.split('>'), unit, nouns))
  return [{ brands: BRANDS.split('|'), varieties: VARIETIES.split('|'), kinds }, ...FOREIGN_DEPARTMENTS.map(languageOf)]
}

function languageOf([kitchen, unit, brands, varieties, nouns]: (typeof FOREIGN_DEPARTMENTS)[number]): Language {
  const kinds = kindsOf(['International Foods', kitchen], unit, nouns)
  return { brands: brands.split('|'), varieties: varieties.split('|'), kinds }
}

function kindsOf(path: readonly string[], unit: GoodsKind['unit'], nouns: string): GoodsKind[] {
  return nouns.split('|').map((noun) => ({ noun, path, unit }))
}
