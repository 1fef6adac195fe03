/** The command `undo`: takes back a belief, verdict or store merge by its number. */

import { Problem } from '@splitcart/shared/problem.ts'
import { Command } from 'commander'
import { loadSettings, runSubcommand } from './command-line.ts'
import { openDataManagement } from './data-management.ts'
import { EXIT } from './exit-codes.ts'
import { operatorName } from './operator.ts'

/** The records to undo. `list`: the command that lists their numbers; `done`: what then is said of a number. */
type UndoTarget = Readonly<{
  records: 'beliefs' | 'storeMerges' | 'verdicts'
  noun: string
  list: string
  done: string
}>

/** Makes the command. */
export function undoCommand(description: string, idAbout: string, target: UndoTarget): Command {
  return new Command('undo')
    .description(description)
    .argument('<id>', idAbout)
    .action((id: string, _own: object, command: Command) =>
      runSubcommand(command, async (options: { json?: boolean }, terminal) => {
        await using machine = await openDataManagement(loadSettings(options, 'data-management'))
        const { records, noun, list, done } = target
        if (!(await machine.ledger[records].undo(id, operatorName(), Date.now())))
          throw new Problem('not_found', `${id} is no ${noun} that counts; "splitcart ${list}" shows them`)
        terminal.say(`${id} is ${done}`)
        terminal.record({ type: 'summary', id: Number(id) })
        return EXIT.done
      }),
    )
}
