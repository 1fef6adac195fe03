/** `splitcart notices`: lists receivers, conditions and sent notices, and sends a test. */
import { noticePage } from '@splitcart/data-management/http/routes/notices.ts'
import { testReceivers } from '@splitcart/data-management/notices/outbox.ts'
import { Command } from 'commander'
import { addDatabaseOptions, loadSettings, run } from '../command-line.ts'
import { openDataManagement } from '../data-management.ts'
import { EXIT } from '../exit-codes.ts'
import { count } from '../format.ts'
import { setUpNetwork } from '../network.ts'
import { noticeTargetsOf } from '../notice-rounds.ts'
import type { Terminal } from '../terminal.ts'

type Options = { json?: boolean; receiver?: string }

const LISTED_MAX = 50
const NO_RECEIVERS =
  'Nobody is told: set NOTICE_NTFY_URL, NOTICE_SMTP_URL with NOTICE_MAIL_TO, NOTICE_WEBHOOK_URL or NOTICE_APPRISE_URL (docs/settings.md).'

/** Adds the commands. */
export function addNotices(program: Command): void {
  const notices = program.command('notices').description('see who is told what needs a person, and send a test')
  const list = new Command('list')
    .description('list what needs a person, the last notices, and how receivers answered')
    .action((options: Options) => run(options, (terminal) => listNotices(options, terminal)))
  const test = new Command('test')
    .description('send a test to every receiver')
    .option('--receiver <name>', 'to this one only: ntfy, e-mail, webhook or apprise')
    .action((options: Options) => run(options, (terminal) => sendTest(options, terminal)))
  for (const command of [list, test]) notices.addCommand(addDatabaseOptions(command))
}

async function listNotices(options: Options, terminal: Terminal): Promise<number> {
  const settings = loadSettings(options, 'data-management')
  const { receivers } = noticeTargetsOf(settings)
  await using machine = await openDataManagement(settings)
  const found = await noticePage(machine.ledger, { receivers, limit: LISTED_MAX })
  for (const each of found.receivers) {
    const { name, where, waiting, last_answer, last_at } = each
    const last = last_at === null ? 'never asked yet' : `${last_answer} (${machine.zone.timeAt(Date.parse(last_at))})`
    terminal.say(`${name}  ${where}  ${last}${waiting > 0 ? `, ${count(waiting, 'notice')} waiting` : ''}`)
    terminal.record({ type: 'receiver', ...each })
  }
  if (receivers.length === 0) terminal.say(NO_RECEIVERS)
  terminal.say(found.conditions.length === 0 ? 'Nothing needs a person.' : 'What needs a person:')
  for (const each of found.conditions) {
    terminal.say(`  ${machine.zone.timeAt(Date.parse(each.since))}  ${each.text}`)
    terminal.record({ type: 'condition', ...each })
  }
  if (found.ticked.length > 0) terminal.say('Ticked off, and not told:')
  for (const each of found.ticked) {
    terminal.say(`  ${each.kind}  ${each.text}  until ${each.until ?? 'it changes'}, by ${each.who}`)
    terminal.record({ type: 'ticked', ...each })
  }
  if (found.notices.length > 0) terminal.say('Told, the newest first:')
  for (const each of found.notices) {
    terminal.say(`  ${machine.zone.timeAt(Date.parse(each.at))}  ${each.text}`)
    terminal.record({ type: 'notice', ...each })
  }
  const { length: needed } = found.conditions
  terminal.record({ type: 'summary', receivers: receivers.length, conditions: needed, notices: found.notices.length })
  return EXIT.done
}

async function sendTest(options: Options, terminal: Terminal): Promise<number> {
  const settings = loadSettings(options, 'data-management')
  setUpNetwork(settings)
  const targets = noticeTargetsOf(settings)
  await using machine = await openDataManagement(settings)
  const context = { ...targets, notices: machine.ledger.notices, now: Date.now }
  const answers = targets.receivers.length === 0 ? [] : await testReceivers(context, options.receiver)
  for (const answer of answers) {
    terminal.say(`${answer.name}  ${answer.taken ? 'has taken it' : `has not taken it: ${answer.answer}`}`)
    terminal.record({ type: 'receiver', ...answer })
  }
  const failed = answers.filter(({ taken }) => !taken).length
  if (answers.length === 0) terminal.say(NO_RECEIVERS)
  terminal.record({ type: 'summary', asked: answers.length, failed })
  return answers.length === 0 ? EXIT.usage : failed > 0 ? EXIT.failure : EXIT.done
}
