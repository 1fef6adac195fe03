/** `splitcart version`: what `splitcart --version` prints. */
import type { Command } from 'commander'
import { run } from '../command-line.ts'
import { EXIT } from '../exit-codes.ts'
import { programVersion, versionLine } from '../program-version.ts'

type Options = { json?: boolean }

/** Adds the command. */
export function addVersion(program: Command): void {
  program
    .command('version')
    .description('print the version')
    .option('--json', 'print JSON')
    .action((options: Options) =>
      run(options, async (terminal) => {
        terminal.say(versionLine())
        terminal.record({ type: 'summary', version: programVersion(), node: process.versions.node })
        return EXIT.done
      }),
    )
}
