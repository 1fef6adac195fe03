/**
 * Where a house rule is broken on purpose, and why. An exception that is no longer needed is a fault itself, so this
 * list only grows by decision.
 */

/** `rule`, `path` and `subject` are those of the fault; see the brackets that end each fault `npm run check` prints. */
export type Exception = Readonly<{ rule: string; path: string; subject: string; reason: string }>

export const EXCEPTIONS: readonly Exception[] = [
  {
    rule: 'clock',
    path: 'packages/data-management/http/routes/resumable.ts',
    subject: 'inbox.now()',
    reason:
      'An upload in pieces is opened perhaps days before it is whole, and by another process; the figure is for the log alone.',
  },
  {
    rule: 'clock',
    path: 'bin/commands/keys.ts',
    subject: 'Date.now()',
    reason: 'A key expires at a time of day.',
  },
  {
    rule: 'clock',
    path: 'bin/commands/status.ts',
    subject: 'Date.now()',
    reason: 'How long ago something on record was; it may lie before this process.',
  },
  {
    rule: 'clock',
    path: 'packages/dashboard/pages/products/product.tsx',
    subject: 'Date.now()',
    reason: 'How many days ago a date was.',
  },
  {
    rule: 'clock',
    path: 'packages/dashboard/parts/time.tsx',
    subject: 'Date.now()',
    reason: 'How long ago something on record was.',
  },
  {
    rule: 'clock',
    path: 'packages/data-management/http/auth/session.ts',
    subject: 'inbox.now()',
    reason: 'A session ends at a time of day; a cookie is told how far off that is.',
  },
  {
    rule: 'clock',
    path: 'packages/data-management/inbox/prune.ts',
    subject: 'now()',
    reason: 'Files are kept for days, over restarts; where all would go at once the clock is not believed.',
  },
  {
    rule: 'clock',
    path: 'packages/data-management/inbox/unfinished.ts',
    subject: 'now()',
    reason: 'Unfinished uploads are kept for days, over restarts; what goes too early is sent from its beginning.',
  },
  {
    rule: 'clock',
    path: 'packages/data-management/update-db/maintenance.ts',
    subject: 'work.now()',
    reason:
      'How long something was kept is on record, by another machine perhaps; where all would go at once nothing goes.',
  },
  {
    rule: 'clock',
    path: 'packages/data-management/update-db/repair.ts',
    subject: 'work.now()',
    reason:
      'When an upload came is on record, by another machine perhaps; what is mended too early is only sent again.',
  },
  {
    rule: 'clock',
    path: 'packages/data-management/inbox/folder/folder-claims.ts',
    subject: 'claiming.now()',
    reason: 'When a file was written is known from the disk alone, and a time that lies ahead counts as long ago.',
  },
  {
    rule: 'clock',
    path: 'packages/scraping/resting.ts',
    subject: '….now()',
    reason: 'Of a file that lay there before this process only the disk knows how long it has been quiet.',
  },
]
