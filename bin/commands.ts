/** The commands of `splitcart`, by their names. */
import type { Command } from 'commander'

/** How each command adds itself. Only the one that is asked for is read: all of them take half a second. */
export const COMMANDS: Readonly<Record<string, () => Promise<(program: Command) => void>>> = {
  'upload-data': async () => (await import('./commands/upload-data.ts')).addUploadData,
  'update-db': async () => (await import('./commands/update-db.ts')).addUpdateDb,
  serve: async () => (await import('./commands/serve.ts')).addServe,
  keys: async () => (await import('./commands/keys.ts')).addKeys,
  audit: async () => (await import('./commands/audit.ts')).addAudit,
  connect: async () => (await import('./commands/connect.ts')).addConnect,
  disconnect: async () => (await import('./commands/disconnect.ts')).addDisconnect,
  status: async () => (await import('./commands/status.ts')).addStatus,
  doctor: async () => (await import('./commands/doctor.ts')).addDoctor,
  holds: async () => (await import('./commands/holds.ts')).addHolds,
  findings: async () => (await import('./commands/findings.ts')).addFindings,
  rejects: async () => (await import('./commands/rejects.ts')).addRejects,
  loads: async () => (await import('./commands/loads.ts')).addLoads,
  export: async () => (await import('./commands/export.ts')).addExport,
  backup: async () => (await import('./commands/backup.ts')).addBackup,
  restore: async () => (await import('./commands/restore.ts')).addRestore,
  'join-databases': async () => (await import('./commands/join-databases.ts')).addJoinDatabases,
  same: async () => (await import('./commands/same.ts')).addSame,
  'not-same': async () => (await import('./commands/same.ts')).addNotSame,
  stores: async () => (await import('./commands/stores.ts')).addStores,
  migrate: async () => (await import('./commands/migrate.ts')).addMigrate,
  upgrade: async () => (await import('./commands/upgrade.ts')).addUpgrade,
  archive: async () => (await import('./commands/archive.ts')).addArchive,
  salvage: async () => (await import('./commands/salvage.ts')).addSalvage,
  version: async () => (await import('./commands/version.ts')).addVersion,
  check: async () => (await import('./commands/check.ts')).addCheck,
  generate: async () => (await import('./commands/generate.ts')).addGenerate,
  demo: async () => (await import('./commands/demo.ts')).addDemo,
}
