/** How much a test does of what could be done for ever: a little of it in `npm test`, more in `npm run test:long`. */

/** Whether this is `npm run test:long`. */
export const IS_LONG = process.env.SPLITCART_TESTS === 'long'

/** The little or the more. */
export function effort<Little, More>(little: Little, more: More): Little | More {
  return IS_LONG ? more : little
}
