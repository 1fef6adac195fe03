/** The further fields of a listing (packages/shared/row-details.ts), as JSON Schema. A test keeps the two equal. */

const TEXT = { type: 'string' } as const
const NUMBER = { type: 'number' } as const

const OBJECT = {
  type: 'object',
  properties: {
    per_unit_price_string: { ...TEXT, description: 'the unit price in the words of the shop' },
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
  anyOf: [OBJECT, { type: 'null' }],
  description: 'what else the shop tells of it, by the names that it is sent under; null: nothing',
} as const
