/** The page of the system: loader, inbox, disk, databases, backup, versions and settings. */
import type { SystemView } from '@splitcart/data-management/http/routes/system-schema.ts'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { systemQuery } from '../../api/queries.ts'
import { Badge, type Tone } from '../../parts/badge.tsx'
import { Commands, serverCommand } from '../../parts/commands.tsx'
import { DAY_MS } from '../../parts/durations.ts'
import { count, dateInZone, formatNumber, percent, size } from '../../parts/format.ts'
import { ErrorNotice, Loading } from '../../parts/notice.tsx'
import { Facts, Page, Panel } from '../../parts/page.tsx'
import { UploadLink } from '../../parts/page-links.tsx'
import { Ago, DateAndTime } from '../../parts/time.tsx'
import { UntrustedText } from '../../parts/untrusted-text.tsx'
import { SettingsTable } from './settings.tsx'
import style from './system.module.css'

const BACKUP_OLD_MS = 2 * DAY_MS

/** The page at /system. */
export function System(): ReactNode {
  const { data, error, refetch } = useQuery(systemQuery)
  return (
    <Page title="System">
      {error && <ErrorNotice error={error} retry={refetch} />}
      {data === undefined ? error === null && <Loading /> : <SystemPanels system={data} />}
    </Page>
  )
}

function SystemPanels({ system }: Readonly<{ system: SystemView }>): ReactNode {
  return (
    <>
      <div className={style.two}>
        <Panel title="Loader and inbox">
          <LoaderPanel system={system} />
        </Panel>
        <Panel title="Disk and databases">
          <DiskPanel system={system} />
        </Panel>
      </div>
      <div className={style.two}>
        <Panel title="Backup">
          <BackupPanel system={system} />
        </Panel>
        <Panel title="Program">
          <ProgramPanel system={system} />
        </Panel>
      </div>
      <SettingsTable settings={system.settings} />
    </>
  )
}

const LOADER_TONES: Readonly<Record<SystemView['loader']['state'], Tone>> = {
  working: 'busy',
  idle: 'good',
  'not running': 'bad',
}

function LoaderPanel({ system: { loader, inbox, uploads, shell } }: Readonly<{ system: SystemView }>): ReactNode {
  const { progress, upload } = loader
  return (
    <>
      <Facts
        facts={[
          [
            'update-db',
            <span key="loader" className={style.row}>
              <Badge tone={LOADER_TONES[loader.state]}>{loader.state}</Badge>
              {loader.since && <Ago at={loader.since} />}
            </span>,
          ],
          ...(upload === null
            ? []
            : [
                [
                  'Works on',
                  <UploadLink key="upload" id={upload.id} text={upload.filename} className={style.link} />,
                ] as const,
              ]),
          ...(progress === null || progress.of_bytes === 0
            ? []
            : [['Has read', percent(progress.bytes / progress.of_bytes)] as const]),
          ['Inbox', `${count(inbox.files, 'file')}, ${size(inbox.bytes)}`],
          [
            'The oldest',
            inbox.oldest_received_at === null ? 'nothing waits' : <Ago key="oldest" at={inbox.oldest_received_at} />,
          ],
          [
            'Uploads',
            `${formatNumber(uploads.loaded)} loaded, ${formatNumber(uploads.held)} held, ${formatNumber(uploads.failed)} failed`,
          ],
        ]}
      />
      {loader.state === 'not running' && (
        <div className={style.todo}>
          <p>Files are accepted but not loaded. `splitcart serve` starts it by itself; without it:</p>
          <Commands lines={[serverCommand(shell, 'update-db --products --watch')]} />
        </div>
      )}
    </>
  )
}

function DiskPanel({ system: { disk, databases, integrity } }: Readonly<{ system: SystemView }>): ReactNode {
  const used = 1 - disk.free_bytes / Math.max(1, disk.total_bytes)
  return (
    <>
      <div className={style.meter} data-low={disk.is_low} aria-hidden="true">
        <div className={style.used} style={{ width: `${used * 100}%` }} />
      </div>
      <Facts
        facts={[
          ['Free', `${size(disk.free_bytes)} of ${size(disk.total_bytes)}${disk.is_low ? ': too little' : ''}`],
          ['Kept free', `${size(disk.kept_bytes)}; below that, uploads are refused`],
          ...databases.map(
            ({ name, path, bytes, log_bytes }) =>
              [
                name === 'catalogue' ? 'Catalogue' : 'Ledger',
                <span key={name} title={path}>
                  {size(bytes)}
                  {log_bytes > 0 && `, and ${size(log_bytes)} of log`}
                </span>,
              ] as const,
          ),
          ['Looked at for damage', integrity === null ? 'Not yet' : <Ago key="integrity" at={integrity.at} />],
        ]}
      />
      {integrity?.faults.map((fault) => (
        <p key={fault} className={style.line} role="alert">
          Damaged: <UntrustedText text={fault} />
        </p>
      ))}
    </>
  )
}

function BackupPanel({ system }: Readonly<{ system: SystemView }>): ReactNode {
  const { at, backup } = system
  const isOld = backup === null || Date.parse(at) - Date.parse(backup.at) > BACKUP_OLD_MS
  return (
    <>
      <p className={style.line}>
        {backup === null ? (
          'None is known of.'
        ) : (
          <>
            The latest was made <Ago at={backup.at} />
            {backup.path !== null && (
              <>
                , to <UntrustedText text={backup.path} />
              </>
            )}
            .
          </>
        )}
      </p>
      {isOld && <Commands lines={backupCommands(system)} />}
    </>
  )
}

/** The commands for a backup. PostgreSQL is backed up by pg_dump, and `backup --note` records that. */
function backupCommands({ at, databases, shell, time_zone }: SystemView): string[] {
  const path = `/path/to/backups/${dateInZone(time_zone, Date.parse(at))}`
  if (!databases.some((database) => database.path.startsWith('PostgreSQL')))
    return [serverCommand(shell, `backup ${path}.db`)]
  return [`pg_dump -Fc -f ${path}.dump splitcart`, serverCommand(shell, `backup --note ${path}.dump`)]
}

function ProgramPanel({
  system: { versions, started_at, time_zone, listeners },
}: Readonly<{ system: SystemView }>): ReactNode {
  return (
    <>
      <Facts
        facts={[
          ['SplitCart', versions.program],
          ['Node.js', versions.node],
          ['SQLite', versions.sqlite],
          ['Started', <DateAndTime key="started" at={started_at} />],
          ['Days begin in', time_zone],
          ['Pages open', formatNumber(listeners)],
        ]}
      />
      <p className={style.links}>
        <Link to="/docs">API documentation</Link>
        <a href="/api/openapi.json">openapi.json</a>
        <a href="/metrics">Metrics</a>
        <a href="/readyz">Readiness</a>
      </p>
    </>
  )
}
