/** Converts the latest heartbeat of a machine to the form in which the API returns it. */
import type { MachineRecord } from '../../ledger/machines.ts'
import type { MachineView } from './machines-schema.ts'

/** The view of a heartbeat; null if there is none. `version`: that of the server, if known. */
export function machineView(record: MachineRecord | undefined, version: string | undefined): MachineView | null {
  if (record === undefined) return null
  const { key_id: _, heard_at, skew_ms, ...said } = record
  const is_outdated = version !== undefined && said.version.localeCompare(version, 'en', { numeric: true }) < 0
  return {
    ...said,
    heard_at: new Date(heard_at).toISOString(),
    clock_skew_seconds: Math.round(skew_ms / 1000),
    is_outdated,
  }
}
