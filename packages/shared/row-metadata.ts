/** The object `metadata` of a row: which scrape it belongs to. */
import { foldedCode, shownCode } from './codes.ts'
import { dateIn, isDate } from './date.ts'
import {
  dropped,
  type FieldFault,
  type Fields,
  faultOf,
  missing,
  optionalCode,
  optionalText,
  orFault,
  type Reading,
  refusal,
  requiredText,
  seenIn,
  type Warning,
} from './fields.ts'
import { isAbsent } from './text.ts'

/**
 * What a row says about its scrape. Dates are ISO text, times are milliseconds since 1970. `company` and `storeCode`
 * are for display; their keys (`companyKey`, `storeKey`) are folded: equal for codes that mean the same.
 */
export type RowMetadata = Readonly<{
  company: string
  companyKey: string
  companyName: string | null
  storeCode: string
  storeKey: string
  storeName: string
  state: string | null
  date: string
  scrapedAt: number | null
}>

/** Side results of reading an object: warnings for invalid fields that were left out, and names of unknown fields. */
export type Remarks = Readonly<{ warnings: readonly Warning[]; ignored: readonly string[] }>

const CODE_CHARACTERS_MAX = 200

const KNOWN: ReadonlySet<string> = new Set([
  'company',
  'company_name',
  'store_id',
  'store_name',
  'state',
  'scraped_date',
  'scraped_at',
])

/** Reads the object `metadata` of a row, which has no forbidden key. */
export function readMetadata(fields: Fields): (RowMetadata & Remarks) | FieldFault {
  const reading: Reading = { parent: 'metadata', fields, warnings: [] }
  return orFault(() => {
    const { warnings } = reading
    const companyName = optionalText(reading, 'company_name', CODE_CHARACTERS_MAX)
    const company = companyOf(reading, companyName)
    const storeName = optionalText(reading, 'store_name', CODE_CHARACTERS_MAX)
    const storeCode = storeOf(reading, storeName, company)
    return {
      company,
      companyKey: foldedCode(company),
      companyName,
      storeCode,
      storeKey: foldedCode(storeCode),
      storeName: storeName ?? storeCode,
      state: optionalText(reading, 'state', CODE_CHARACTERS_MAX),
      date: requiredDate(reading),
      scrapedAt: optionalTime(reading),
      warnings,
      ignored: unknownIn(fields, KNOWN).map((name) => `metadata.${name}`),
    }
  })
}

const NONE: readonly string[] = []

/** The names of fields that are not among the known ones. */
export function unknownIn(fields: Fields, known: ReadonlySet<string>): readonly string[] {
  let unknown: string[] | undefined
  for (const name in fields) {
    if (known.has(name)) continue
    unknown ??= []
    unknown.push(name)
  }
  return unknown ?? NONE
}

/** The company's code, or its name if the code is absent. Throws a refusal if both are. */
function companyOf(reading: Reading, companyName: string | null): string {
  if (isAbsent(reading.fields.company) && companyName !== null) return shownCode(companyName)
  return shownCode(requiredText(reading, 'company', CODE_CHARACTERS_MAX))
}

/** The store's code, else its name, else the company: a chain with uniform prices may have no stores in its rows. */
function storeOf(reading: Reading, storeName: string | null, company: string): string {
  const storeId = optionalCode(reading, 'store_id', CODE_CHARACTERS_MAX)
  const code = storeId ?? storeName
  if (code !== null) return shownCode(code)
  // An invalid code or name means an unknown store, so the row must not count for the company.
  for (const name of ['store_id', 'store_name']) if (!isAbsent(reading.fields[name])) throw faultOfStore(reading, name)
  return company
}

function faultOfStore(reading: Reading, name: string) {
  const value = reading.fields[name]
  if (typeof value !== 'string') return refusal(reading, name, 'field_type', 'is not a code')
  return refusal(reading, name, 'field_value', faultOf(value, CODE_CHARACTERS_MAX) ?? 'is not a code')
}

function requiredDate(reading: Reading): string {
  const name = 'scraped_date'
  const value = reading.fields[name]
  if (isAbsent(value)) throw missing(reading, name)
  if (typeof value !== 'string') throw refusal(reading, name, 'field_type', 'is not a text')
  const date = dateIn(value)
  if (date !== undefined) return date
  const fault = faultOf(value, CODE_CHARACTERS_MAX)
  if (fault?.startsWith('is ') === true) throw refusal(reading, name, 'field_value', fault)
  throw refusal(reading, name, 'field_value', { fault: 'is not a date of the form 2025-09-23', seen: seenIn(value) })
}

const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})$/

function optionalTime(reading: Reading): number | null {
  const value = reading.fields.scraped_at
  if (isAbsent(value)) return null
  const time =
    typeof value === 'string' && TIME.test(value) && isDate(value.slice(0, 10)) ? Date.parse(value) : Number.NaN
  if (!Number.isNaN(time)) return time
  return dropped(reading, 'scraped_at', 'is not a time of the form 2025-09-23T14:05:06+10:00')
}
