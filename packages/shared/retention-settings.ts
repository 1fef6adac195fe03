/** The settings for keeping files after they were sent or loaded: in which form, and for how long. */
import { KEPT_FORMS } from './packed/forms.ts'
import { oneOf, wholeNumber } from './setting-readers.ts'

const MIB = 1024 * 1024

export const RETENTION_SETTINGS = {
  ARCHIVE_FORM: {
    machine: 'scraping',
    read: oneOf(KEPT_FORMS),
    fallback: 'packed',
    about:
      'how archived files are kept, an hour after they were loaded: packed, those of a company against one that is kept whole, a sixtieth of their size; gzip, each by itself; or plain, as they came',
  },
  DICTIONARIES_BYTES_MAX: {
    machine: 'data-management',
    read: wholeNumber(0),
    fallback: String(32 * MIB),
    about: 'how much of the files that senders name as dictionaries stays in memory',
  },
  PROCESSED_FORM: {
    machine: 'data-management',
    read: oneOf(KEPT_FORMS),
    fallback: 'packed',
    about:
      'how loaded files are kept: packed, those of a company against one that is kept whole, a sixtieth of their size; gzip, each by itself; or plain, as they came',
  },
  PROCESSED_DAYS_MAX: {
    machine: 'data-management',
    read: wholeNumber(1),
    fallback: '90',
    about: 'for how many days loaded files are kept for replay',
  },
} as const
