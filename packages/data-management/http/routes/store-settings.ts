/** `PUT /api/stores/settings`: sets a store's expected interval, whether it is retired or snoozed, and a note. */
import { isDate } from '@splitcart/shared/date.ts'
import { Problem } from '@splitcart/shared/problem.ts'
import type { FastifyInstance } from 'fastify'
import { findStore } from '../../catalogue/queries/find-store.ts'
import { settingsView } from '../../catalogue/queries/sources.ts'
import { auditName, principalOf } from '../auth/authentication.ts'
import { MAY_CHANGE, withBody } from '../edge/parameters.ts'
import type { Services } from '../services.ts'
import type { QueryContext } from '../threads/query-context.ts'
import {
  STORE_SETTINGS,
  STORE_SETTINGS_BODY,
  type StoreSettingsBody,
  type StoreSettingsView,
} from './store-settings-schema.ts'

/** Settings to change for a store; those left out stay as they are. */
export type StoreSettingsPatch = Pick<StoreSettingsBody, 'store'> & Partial<StoreSettingsBody>

/** Adds the route. */
export function storeSettingsRoutes(server: FastifyInstance, services: Services): void {
  const summary = 'Set how often a store is scraped, that it is retired or snoozed, and a note: all of it at once'
  const set = withBody(STORE_SETTINGS_BODY, { summary, response: { 200: STORE_SETTINGS } })
  server.put<{ Body: StoreSettingsBody }>('/api/stores/settings', { ...set, config: MAY_CHANGE }, (request) =>
    saveStoreSettings(services, request.body, auditName(principalOf(request))),
  )
}

/** Saves settings of a store. Throws `request_invalid` and `not_found`. */
export async function saveStoreSettings(
  { inbox, catalogue }: QueryContext,
  { store, expected_days, is_retired, snoozed_until, note }: StoreSettingsPatch,
  who: string,
): Promise<StoreSettingsView> {
  if (typeof snoozed_until === 'string' && !isDate(snoozed_until))
    throw new Problem('request_invalid', 'body/snoozed_until is no day of the calendar')
  const found = await findStore(catalogue.database, store)
  if (found === undefined) throw new Problem('not_found', 'no store is called so')
  const setting = await inbox.ledger.storeSettings.set({
    company: found.company,
    store: found.code,
    expectedDays: expected_days,
    isRetired: is_retired,
    snoozedUntil: snoozed_until,
    note: note === undefined ? note : note?.trim() || null,
    at: inbox.now(),
    who,
  })
  return settingsView(setting)
}
