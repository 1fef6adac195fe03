/** The settings of the web page. */
import { currency, oneOf } from './setting-readers.ts'

export const PAGE_SETTINGS = {
  CURRENCY: {
    machine: 'data-management',
    read: currency,
    fallback: undefined,
    about: 'in which currency prices are written, e.g. AUD; the numbers alone where it is not set',
  },
  PICTURES: {
    machine: 'data-management',
    read: oneOf(['on', 'off']),
    fallback: 'on',
    about:
      'whether serve gets pictures from the https addresses that rows name, for the page; off: it asks no shop for anything',
  },
} as const
