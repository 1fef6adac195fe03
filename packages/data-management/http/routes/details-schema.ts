/** The further fields of a listing (packages/shared/row-details.ts), as JSON Schema. A test compares the two. */

const TEXT = { type: 'string' } as const
const NUMBER = { type: 'number' } as const

const DETAILS_OBJECT = {
  type: 'object',
  properties: {
    per_unit_price_string: { ...TEXT, description: 'the unit price as the shop writes it' },
    per_unit_price_value: NUMBER,
    per_unit_price_measure: TEXT,
    unit_price: NUMBER,
    unit_of_measure: TEXT,
    price_save_amount: NUMBER,
    sizes: { type: 'array', items: TEXT },
    average_user_rating: NUMBER,
    rating_count: NUMBER,
    health_star_rating: NUMBER,
    country_of_origin: TEXT,
    allergens: TEXT,
    ingredients: TEXT,
    description: TEXT,
  },
} as const

export const DETAILS = {
  anyOf: [DETAILS_OBJECT, { type: 'null' }],
  description: 'further fields of the listing, named as in the uploaded files; null: none',
} as const
