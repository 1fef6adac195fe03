/** The sources: every store with how regularly, how lately and how wholly it is scraped. */
import type { Sql } from '../../database/sql.ts'
import {
  type DayState,
  type Days,
  daysOf,
  freshnessOf,
  longestOfCompanies,
  type Moment,
  type Scraped,
  type SourceSetting,
  type SourceState,
  stillSet,
} from './freshness.ts'

/** What people have set for a store, which is named by its folded codes; when, and who. */
export type StoreSetting = SourceSetting &
  Readonly<{ company: string; store: string; note: string | null; at: number; who: string }>

/** The same, as it is told. */
export type SettingsView = Readonly<{
  expected_days: number | null
  is_retired: boolean
  snoozed_until: string | null
  note: string | null
  set_at: string
  set_by: string
}>

export type SourceView = Readonly<{
  company: string
  store_id: string
  store_name: string
  last_date: string
  /** When the latest file of that date was received. */
  received_at: string
  usual_days: number | null
  due_date: string | null
  state: SourceState
  rows: number
  usual_rows: number
  is_partial: boolean
  /** The share of rejected rows in the latest load, from 0 to 1. */
  reject_share: number
  /** Where the store is, and that it is closed, where a list of stores says so. */
  place?: string
  is_closed?: true
  /** Null: nobody has set anything. */
  settings: SettingsView | null
}>

/** A source with the number of its store, for further questions. */
export type Source = SourceView & Readonly<{ storeId: number }>

type SourceRecord = {
  storeId: number
  companyId: number
  codes: string
  company: string
  store_id: string
  store_name: string
  date: string
  rows: number
  receivedAt: number
  reject_share: number
  usualDays: number | null
  usualRows: number
} & Told

/** What a list of stores says. */
type Told = {
  address: string | null
  suburb: string | null
  told_state: string | null
  postcode: string | null
  is_open: number | null
}

function toldOf({ address, suburb, told_state, postcode, is_open }: Told): Pick<SourceView, 'place' | 'is_closed'> {
  const town = [suburb, told_state, postcode].filter((part) => part !== null).join(' ')
  const place = [address, town].filter((part) => part !== null && part !== '').join(', ')
  return { ...(place !== '' && { place }), ...(is_open === 0 && { is_closed: true }) }
}

/** What is told of the settings of a store. */
export function settingsView({ expectedDays, isRetired, snoozedUntil, note, at, who }: StoreSetting): SettingsView {
  return {
    expected_days: expectedDays,
    is_retired: isRetired,
    snoozed_until: snoozedUntil,
    note,
    set_at: new Date(at).toISOString(),
    set_by: who,
  }
}

/** Settings by the codes of their stores, with a slash between them. */
export function settingsByCodes(settings: readonly StoreSetting[]): ReadonlyMap<string, StoreSetting> {
  return new Map(settings.map((each) => [`${each.company}/${each.store}`, each]))
}

/** All sources, in the order of company and store; some microseconds each. */
export async function allSources(database: Sql, moment: Moment, settings: readonly StoreSetting[]): Promise<Source[]> {
  const records = await database.all<SourceRecord>(
    `select store.id as "storeId", company_id as "companyId", company.code || '/' || store.code as codes, company.shown as company, store.shown as store_id, store.name as store_name,
        last_date as date, source.rows, usual_days as "usualDays", usual_rows as "usualRows",
        received_at as "receivedAt", address, suburb, told_state, postcode, is_open,
        case load.rows when 0 then 0 else cast(rejected as double precision) / load.rows end as reject_share
      from source join load on load.id = source.load_id join store on store.id = source.store_id join company on company.id = store.company_id
      order by company.shown, store.shown`,
  )
  const set = settingsByCodes(settings)
  const longest = longestOfCompanies(records)
  return records.map((record) => {
    const found = set.get(record.codes)
    const setting = found && stillSet(found, record, moment.zone)
    const { usualDays, usualRows } = record
    const rest = { set: setting, companyDays: longest.get(record.companyId), isClosed: record.is_open === 0 }
    const { dueDate, state, isPartial } = freshnessOf(record, { usualDays, usualRows, ...rest }, moment)
    return {
      storeId: record.storeId,
      company: record.company,
      store_id: record.store_id,
      store_name: record.store_name,
      last_date: record.date,
      received_at: new Date(record.receivedAt).toISOString(),
      usual_days: record.usualDays,
      due_date: dueDate,
      state,
      rows: record.rows,
      usual_rows: record.usualRows,
      is_partial: isPartial,
      reject_share: record.reject_share,
      ...toldOf(record),
      settings: setting === undefined ? null : settingsView(setting),
    }
  })
}

/** The last days of a source. */
export async function lastDaysOf(database: Sql, source: Source, moment: Moment, days: Days): Promise<DayState[]> {
  const first = new Date(Date.parse(days.to) - days.count * 86_400_000).toISOString().slice(0, 10)
  const scraped = await database.all<Scraped>(
    `select date, max(listings) as rows, min(load.received_at) as "receivedAt"
      from scrape join load on load.id = load_id
      where store_id = ?1 and date >= coalesce((select max(date) from scrape where store_id = ?1 and date < ?2), ?2)
      group by date order by date`,
    source.storeId,
    first,
  )
  const { usual_days, usual_rows, settings, state } = source
  const set = {
    expectedDays: settings?.expected_days ?? null,
    isRetired: state === 'retired',
    snoozedUntil: settings?.snoozed_until ?? null,
  }
  return daysOf(scraped, { usualDays: usual_days, usualRows: usual_rows, set }, moment, days)
}
