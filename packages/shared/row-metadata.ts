/** The object `metadata` of a row: which scrape it belongs to. */
import { displayCode, foldedCode } from './codes.ts'
import { datePart, isDate } from './date.ts'
import {
  dropField,
  type FieldFault,
  type Fields,
  faultOfFieldText,
  missingField,
  optionalCode,
  optionalText,
  quoteOf,
  type ReadContext,
  refusedField,
  requiredText,
  resultOrFault,
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

const KNOWN_FIELDS: ReadonlySet<string> = new Set([
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
  const context: ReadContext = { parent: 'metadata', fields, warnings: [] }
  return resultOrFault(() => {
    const { warnings } = context
    const companyName = optionalText(context, 'company_name', CODE_CHARACTERS_MAX)
    const company = readCompany(context, companyName)
    const storeName = optionalText(context, 'store_name', CODE_CHARACTERS_MAX)
    const storeCode = readStore(context, storeName, company)
    return {
      company,
      companyKey: foldedCode(company),
      companyName,
      storeCode,
      storeKey: foldedCode(storeCode),
      storeName: storeName ?? storeCode,
      state: optionalText(context, 'state', CODE_CHARACTERS_MAX),
      date: requiredDate(context),
      scrapedAt: optionalTime(context),
      warnings,
      ignored: unknownFields(fields, KNOWN_FIELDS).map((name) => `metadata.${name}`),
    }
  })
}

const NO_NAMES: readonly string[] = []

/** The names of fields that are not among the known ones. */
export function unknownFields(fields: Fields, known: ReadonlySet<string>): readonly string[] {
  let unknown: string[] | undefined
  for (const name in fields) {
    if (known.has(name)) continue
    unknown ??= []
    unknown.push(name)
  }
  return unknown ?? NO_NAMES
}

/** The company's code, or its name if the code is absent. Throws a refusal if both are. */
function readCompany(context: ReadContext, companyName: string | null): string {
  if (isAbsent(context.fields.company) && companyName !== null) return displayCode(companyName)
  return displayCode(requiredText(context, 'company', CODE_CHARACTERS_MAX))
}

/** The store's code, else its name, else the company: a chain with uniform prices may have no stores in its rows. */
function readStore(context: ReadContext, storeName: string | null, company: string): string {
  const storeId = optionalCode(context, 'store_id', CODE_CHARACTERS_MAX)
  const code = storeId ?? storeName
  if (code !== null) return displayCode(code)
  // An invalid code or name means an unknown store, so the row must not count for the company.
  for (const name of ['store_id', 'store_name'])
    if (!isAbsent(context.fields[name])) throw refusalOfStore(context, name)
  return company
}

function refusalOfStore(context: ReadContext, name: string) {
  const value = context.fields[name]
  if (typeof value !== 'string') return refusedField(context, name, 'field_type', 'is not a code')
  return refusedField(context, name, 'field_value', faultOfFieldText(value, CODE_CHARACTERS_MAX) ?? 'is not a code')
}

function requiredDate(context: ReadContext): string {
  const name = 'scraped_date'
  const value = context.fields[name]
  if (isAbsent(value)) throw missingField(context, name)
  if (typeof value !== 'string') throw refusedField(context, name, 'field_type', 'is not a text')
  const date = datePart(value)
  if (date !== undefined) return date
  const fault = faultOfFieldText(value, CODE_CHARACTERS_MAX)
  if (fault?.startsWith('is ') === true) throw refusedField(context, name, 'field_value', fault)
  throw refusedField(context, name, 'field_value', {
    fault: 'is not a date of the form 2025-09-23',
    seen: quoteOf(value),
  })
}

const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})$/

function optionalTime(context: ReadContext): number | null {
  const value = context.fields.scraped_at
  if (isAbsent(value)) return null
  const time =
    typeof value === 'string' && TIME.test(value) && isDate(value.slice(0, 10)) ? Date.parse(value) : Number.NaN
  if (!Number.isNaN(time)) return time
  return dropField(context, 'scraped_at', 'is not a time of the form 2025-09-23T14:05:06+10:00')
}
