/** The part of the table of problems that never travels: what a machine finds about its own disk, clock, database and program. */
import { type Kind, kind } from './problem-kind.ts'

export const LOCAL_PROBLEMS = {
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
