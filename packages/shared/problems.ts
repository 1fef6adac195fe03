/**
 * Every way a transfer can fail: one table, from which come the HTTP answers (RFC 9457), what a sender does about them,
 * the words a person reads, and docs/problems.md.
 */
import { HTTP_PROBLEMS, type Kind, kind } from './http-problems.ts'

export const PROBLEMS = {
  ...HTTP_PROBLEMS,

  // A status of 0 never travels over HTTP: the problem is found on the machine that reports it.
  settings_invalid: kind(
    0,
    'never',
    'The settings are not usable',
    'Set what is named; docs/settings.md lists all settings.',
  ),
  locked: kind(0, 'never', 'Another process is at work here', 'Wait for it to end, or stop it.'),
  server_unreachable: kind(
    0,
    'soon',
    'The server cannot be reached',
    'Nothing is lost: the files stay in the outbox. Check API_SERVER_URL and that the server runs.',
  ),
  answer_unknown: kind(
    0,
    'soon',
    'The answer is not one of a SplitCart server',
    'Nothing is lost: the files stay in the outbox. Check that API_SERVER_URL names the server itself.',
  ),
  request_altered: kind(
    0,
    'soon',
    'The request reached the server changed',
    'Nothing is lost: the files stay in the outbox. Look for a proxy or scanner on the way that rewrites requests: method, body, Content-Type, Content-Encoding, Content-Disposition and Unencoded-Digest must arrive as they are.',
  ),
  refused_alike: kind(
    0,
    'never',
    'The server refuses one file after the other for the same reason',
    'The files that are left stay in the outbox. Read the .problem.json in product_refused, mend the reason (a limit on the server, a proxy that changes requests), move what was refused back to product_outbox, and run it again.',
  ),
  receipt_mismatch: kind(
    0,
    'soon',
    'The receipt is for other bytes',
    'Nothing is lost: the file stays in the outbox. Send it again.',
  ),
  upload_forgotten: kind(
    0,
    'never',
    'The server has forgotten an upload it had accepted',
    'Nothing is lost: the file goes back to the outbox and is sent again. Perhaps the server was set back to a backup.',
  ),
  heartbeat_unanswered: kind(
    0,
    'never',
    'The heartbeat was not answered',
    'Uploads are not affected. Check HEARTBEAT_URL; a redirect is not followed.',
  ),
  file_changed: kind(
    0,
    'never',
    'The file changed while it was read',
    'Move files into the folder only when they are complete.',
  ),
  file_unreadable: kind(
    0,
    'never',
    'The file cannot be read',
    'Give this user the right to read it, close programs that have it open, and look at the disk it lies on.',
  ),
  address_unusable: kind(
    0,
    'never',
    'The server cannot listen there',
    'Set HOST and PORT to an address of this machine that is free.',
  ),
  machine_refused: kind(
    0,
    'never',
    'This machine refused',
    'Nothing is lost. Check who may read and write there, and that the disk has room; then run it again.',
  ),
  folder_unsafe: kind(
    0,
    'never',
    'This folder is not safe to work in',
    'Make it a folder of the user who runs this, that nobody else may write to; then run it again. Nothing was touched.',
  ),
  backup_unusable: kind(
    0,
    'never',
    'That is no backup that can be restored',
    'Name the file that "splitcart backup" wrote; the one next to it is needed too.',
  ),
  schema_newer: kind(0, 'never', 'The database was made by a newer program', 'Start the newer program.'),
  database_unusable: kind(
    0,
    'never',
    'The database cannot be used',
    'Check DATABASE_URL, and that this user may write there.',
  ),
} as const satisfies Record<string, Kind>
