/** The settings of what the server keeps of files that were loaded. */
import { oneOf, whole } from './setting-readers.ts'

const MIB = 1024 * 1024

export const KEEPING_SETTINGS = {
  DICTIONARIES_BYTES_MAX: {
    machine: 'data-management',
    read: whole(0),
    fallback: String(32 * MIB),
    about: 'how much of the files that senders name as dictionaries stays in memory',
  },
  PROCESSED_FORM: {
    machine: 'data-management',
    read: oneOf(['gzip', 'packed']),
    fallback: 'gzip',
    about:
      'how loaded files are kept: gzip, each by itself; or packed, those of a company against one that is kept whole: a sixth of the room, for a tenth of a second of a processor more a file',
  },
  PROCESSED_DAYS_MAX: {
    machine: 'data-management',
    read: whole(1),
    fallback: '90',
    about: 'for how many days loaded files are kept for replay',
  },
} as const
