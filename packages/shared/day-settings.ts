/** The settings of days: the time zone in which a day begins, and how much a key may send per day. */
import { timeZone, wholeNumber } from './setting-readers.ts'
import { TimeZone } from './time-zone.ts'

export const DAY_SETTINGS = {
  TIME_ZONE: {
    machine: 'both',
    read: timeZone,
    fallback: undefined,
    about:
      'where days begin and end, and whose times the command line shows, e.g. Australia/Sydney; the time zone of the system where it is not set',
  },
  FILES_PER_DAY_MAX: {
    machine: 'data-management',
    read: wholeNumber(1),
    fallback: undefined,
    about: 'how many new files of a key are taken in a day; no limit where it is not set',
  },
  BYTES_PER_DAY_MAX: {
    machine: 'data-management',
    read: wholeNumber(1),
    fallback: undefined,
    about:
      'after how many compressed bytes of new files of a key in a day no more are taken; no limit where it is not set',
  },
} as const

/** The time zone in which days begin and times are shown. */
export function timeZoneOf({ TIME_ZONE: name }: Readonly<{ TIME_ZONE?: string | undefined }>): TimeZone {
  return name === undefined ? TimeZone.ofSystem() : new TimeZone(name)
}
