/** The sources: every store with how regularly, how recently and how completely it is scraped. */
import { addDays } from '@splitcart/shared/date.ts'
import type { Sql } from '../../database/sql.ts'
import {
  type DayRange,
  type DayState,
  dayStatesOf,
  effectiveSetting,
  type FreshnessContext,
  freshnessOf,
  type ScrapedDate,
  type SourceSetting,
  type SourceState,
} from './freshness.ts'

/** What people have set for a store, which is given by its folded codes; when it was set, and by whom. */
export type StoreSetting = SourceSetting &
  Readonly<{ company: string; store: string; note: string | null; at: number; who: string }>

/** The same, as fields of an answer. */
export type SettingsView = Readonly<{
  expected_days: number | null
  is_retired: boolean
  snoozed_until: string | null
  note: string | null
  set_at: string
  set_by: string
}>

/** A source as fields of an answer. */
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
  /** The address of the store, and whether it is closed, if a list of stores says so. */
  place?: string
  is_closed?: true
  /** Null if nothing has been set. */
  settings: SettingsView | null
}>

/** A judged source, with the id of its store. There may be very many: a `SourceView` is made only for those shown. */
export type Source = Omit<SourceView, 'received_at' | 'place' | 'is_closed' | 'settings'> &
  StoreListEntry &
  Readonly<{ storeId: number; receivedAt: number; setting: StoreSetting | undefined }>

type SourceRecord = Omit<Source, 'due_date' | 'state' | 'is_partial' | 'setting'> &
  Readonly<{ codes: string; companyDays: number | null }>

/** What a list of stores says. */
type StoreListEntry = Readonly<{
  address: string | null
  suburb: string | null
  told_state: string | null
  postcode: string | null
  is_open: number | null
}>

function storeListView({
  address,
  suburb,
  told_state,
  postcode,
  is_open,
}: StoreListEntry): Pick<SourceView, 'place' | 'is_closed'> {
  const town = [suburb, told_state, postcode].filter((part) => part !== null).join(' ')
  const place = [address, town].filter((part) => part !== null && part !== '').join(', ')
  return { ...(place !== '' && { place }), ...(is_open === 0 && { is_closed: true }) }
}

/** The fields of an answer about a source. */
export function sourceView(source: Source): SourceView {
  const { storeId: _, receivedAt, setting, address, suburb, told_state, postcode, is_open, ...shown } = source
  return {
    ...shown,
    received_at: new Date(receivedAt).toISOString(),
    ...storeListView({ address, suburb, told_state, postcode, is_open }),
    settings: setting === undefined ? null : settingsView(setting),
  }
}

/** The fields of an answer about the settings of a store. */
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

/** A join that adds `company_days` to each store: the longest usual interval of its company's stores, or null. */
export const JOIN_COMPANY_DAYS = `join (
    select company_id as id, max(usual_days) as company_days from source join store on store.id = source.store_id group by company_id
  ) as longest on longest.id = store.company_id`

/** All sources, in the order of company and store; some microseconds each. */
export async function allSources(
  database: Sql,
  moment: FreshnessContext,
  settings: readonly StoreSetting[],
): Promise<Source[]> {
  const records = database.each<SourceRecord>(
    `select store.id as "storeId", company.code || '/' || store.code as codes, company.shown as company, store.shown as store_id,
        store.name as store_name, last_date, source.rows, usual_days, usual_rows, company_days as "companyDays",
        received_at as "receivedAt", address, suburb, told_state, postcode, is_open,
        case load.rows when 0 then 0 else cast(rejected as double precision) / load.rows end as reject_share
      from source join load on load.id = source.load_id join store on store.id = source.store_id join company on company.id = store.company_id
        ${JOIN_COMPANY_DAYS}
      order by company.shown, store.shown`,
  )
  const set = settingsByCodes(settings)
  const sources: Source[] = []
  for await (const { codes, companyDays, ...record } of records) {
    const { last_date: date, rows, receivedAt, usual_days: usualDays, usual_rows: usualRows, is_open } = record
    const found = set.get(codes)
    const setting = found && effectiveSetting(found, { date, receivedAt }, moment.zone)
    const expected = { usualDays, usualRows, set: setting, companyDays, isClosed: is_open === 0 }
    const { dueDate, state, isPartial } = freshnessOf({ date, rows, receivedAt }, expected, moment)
    sources.push({ ...record, due_date: dueDate, state, is_partial: isPartial, setting })
  }
  return sources
}

/** The states of the last days of a source. */
export async function readRecentDays(
  database: Sql,
  source: Source,
  moment: FreshnessContext,
  days: DayRange,
): Promise<DayState[]> {
  const first = addDays(days.to, -days.count)
  const scraped = await database.all<ScrapedDate>(
    `select date, max(listings) as rows, min(load.received_at) as "receivedAt"
      from scrape join load on load.id = load_id
      where store_id = ?1 and date >= coalesce((select max(date) from scrape where store_id = ?1 and date < ?2), ?2)
      group by date order by date`,
    source.storeId,
    first,
  )
  const { usual_days, usual_rows, setting, state } = source
  const set = { expectedDays: null, snoozedUntil: null, ...setting, isRetired: state === 'retired' }
  return dayStatesOf(scraped, { usualDays: usual_days, usualRows: usual_rows, set }, moment, days)
}
