/** The part of the table of problems that never travels, with a status of 0: what a program finds on its own machine or on the way to another. */
import { type Kind, kind } from './problem-kind.ts'

export const LOCAL_PROBLEMS = {
  settings_invalid: kind(
    0,
    'never',
    'The settings are not usable',
    'Set what is named; docs/settings.md lists all settings.',
  ),
  data_missing: kind(
    0,
    'never',
    "There is no server's data here",
    'Name the folder with --data-management-data-dir, or DATA_MANAGEMENT_DATA_DIR in /etc/splitcart/splitcart.env. A new server makes its own when "splitcart serve" starts.',
  ),
  certificate_refused: kind(
    0,
    'soon',
    'The certificate of the server is not accepted',
    'Nothing is lost: the files stay in the outbox. See that the clock of this machine is right; name the certificates of an own CA in API_SERVER_CA; else the certificate must be renewed on the server.',
  ),
  proxy_refused: kind(
    0,
    'soon',
    'The proxy does not let us through',
    'Nothing is lost: the files stay in the outbox. HTTPS_PROXY may hold user name and password, http://name:password@proxy:3128; NO_PROXY names hosts that need no proxy.',
  ),
  locked: kind(0, 'never', 'Another process is at work here', 'Wait for it to end, or stop it.'),
  server_unreachable: kind(
    0,
    'soon',
    'The server cannot be reached',
    'Nothing is lost: what is not sent stays in the outbox. Check API_SERVER_URL and that the server runs.',
  ),
  answer_unknown: kind(
    0,
    'soon',
    'The answer is not one of a SplitCart server',
    'Nothing is lost: the files stay in the outbox. Check that API_SERVER_URL names the server itself.',
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
    'Give this user the right to read it, and close programs that have it open.',
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
    'Work as its owner, or in a folder of this user that nobody else may write to. Nothing was touched.',
  ),
  copy_not_made: kind(0, 'never', 'The copy was not made', 'Nothing is lost. See to what is named, then run it again.'),
  backup_unusable: kind(
    0,
    'never',
    'That is no backup that can be restored',
    'Name the file that "splitcart backup" wrote; the one next to it is needed too.',
  ),
  locks_missing: kind(
    0,
    'never',
    'This file system has no locks',
    'Nothing is lost. Put the data folder on a disk of this machine, or a share with locks (NFS with lockd, SMB without "nobrl").',
  ),
  program_mistake: kind(
    0,
    'never',
    'A mistake in SplitCart',
    'Nothing is lost; it goes on with the next round. Please report it, with the line above.',
  ),
  archive_changed: kind(
    0,
    'never',
    'The file was written to after it was sent',
    'Nothing is lost: it goes back to the outbox and is sent again. Write into product_outbox/.part, and rename what is complete.',
  ),
  prune_refused: kind(
    0,
    'never',
    'Everything would be removed at once',
    'Nothing was removed. Look at the clock of this machine. Where it is right, insist: "archive prune --all", on a server "update-db --products --prune-all".',
  ),
  schema_newer: kind(0, 'never', 'The database was made by a newer program', 'Start the newer program.'),
  database_unusable: kind(
    0,
    'never',
    'The database cannot be used',
    'Check DATABASE_URL, and that this user may write there.',
  ),
} as const satisfies Record<string, Kind>
