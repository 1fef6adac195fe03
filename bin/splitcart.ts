/** The command line: parses, wires, prints. Nothing else in the project reads argv, the environment or exit codes. */
import { existsSync } from 'node:fs'
import { setFlagsFromString } from 'node:v8'
import { Command, CommanderError } from 'commander'
import { addBackup } from './commands/backup.ts'
import { addDemo } from './commands/demo.ts'
import { addExport } from './commands/export.ts'
import { addGenerate } from './commands/generate.ts'
import { addHolds } from './commands/holds.ts'
import { addKeys } from './commands/keys.ts'
import { addLoads } from './commands/loads.ts'
import { addRejects } from './commands/rejects.ts'
import { addSalvage } from './commands/salvage.ts'
import { addServe } from './commands/serve.ts'
import { addStatus } from './commands/status.ts'
import { addUpdateDb } from './commands/update-db.ts'
import { addUploadData } from './commands/upload-data.ts'
import { EXIT } from './exit-codes.ts'
import { endWhenNobodyReads } from './terminal.ts'

const ADD = [
  addUploadData,
  addUpdateDb,
  addServe,
  addKeys,
  addStatus,
  addHolds,
  addRejects,
  addLoads,
  addExport,
  addBackup,
  addSalvage,
  addGenerate,
  addDemo,
]

// Rows live for microseconds. A small nursery for new objects halves the memory of a load (212 → 149 MiB) and costs no time.
setFlagsFromString('--max-semi-space-size=4')
// What is written here is nobody else's business: databases, scrapes, backups.
process.umask(0o077)
endWhenNobodyReads()
if (existsSync('.env')) process.loadEnvFile('.env')

const program = new Command('splitcart')
  .description('Brings scraped products from machines at home into the database on a server.')
  .exitOverride()
  .showHelpAfterError('(splitcart help shows what there is)')
for (const add of ADD) add(program)
shareSettings(program)

try {
  await program.parseAsync()
} catch (error) {
  if (!(error instanceof CommanderError)) throw error
  // Help and version end here too, with 0.
  process.exitCode = error.exitCode === 0 ? EXIT.done : EXIT.usage
}

/** Commands that were made on their own would end the process themselves, with an exit code that is not ours. */
function shareSettings(parent: Command): void {
  for (const command of parent.commands) shareSettings(command.copyInheritedSettings(parent))
}
