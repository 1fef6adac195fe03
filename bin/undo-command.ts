/** The command `undo`: takes back a record of what a person said, by its number. */

import { Problem } from '@splitcart/shared/problem.ts'
import { Command } from 'commander'
import { runWithGlobals, settingsOf } from './command-line.ts'
import { openDataManagement } from './data-management.ts'
import { EXIT } from './exit-codes.ts'
import { operatorName } from './operator.ts'

/** What is undone. `list`: the command that shows the numbers; `done`: what is then said of a number. */
type Undone = Readonly<{ records: 'beliefs' | 'storeMerges' | 'verdicts'; noun: string; list: string; done: string }>

/** Makes the command. */
export function undoCommand(description: string, idAbout: string, undone: Undone): Command {
  return new Command('undo')
    .description(description)
    .argument('<id>', idAbout)
    .action((id: string, _own: object, command: Command) =>
      runWithGlobals(command, async (options: { json?: boolean }, terminal) => {
        await using machine = await openDataManagement(settingsOf(options, 'data-management'))
        const { records, noun, list, done } = undone
        if (!(await machine.ledger[records].undo(id, operatorName(), Date.now())))
          throw new Problem('not_found', `${id} is no ${noun} that counts; "splitcart ${list}" shows them`)
        terminal.say(`${id} is ${done}`)
        terminal.record({ type: 'summary', id: Number(id) })
        return EXIT.done
      }),
    )
}
