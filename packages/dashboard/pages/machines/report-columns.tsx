/** Columns of a machine's latest heartbeat: its version, its waiting files, and the skew of its clock. */
import type { KeyView } from '@splitcart/data-management/http/routes/keys-schema.ts'
import type { MachineView } from '@splitcart/data-management/http/routes/machines-schema.ts'
import type { ReactNode } from 'react'
import { Badge } from '../../parts/badge.tsx'
import type { Column } from '../../parts/data-table.tsx'
import { DAY_SECONDS } from '../../parts/durations.ts'
import { count, dateAndTime, duration, formatNumber, size } from '../../parts/format.ts'
import { UntrustedText } from '../../parts/untrusted-text.tsx'
import style from './machines.module.css'

const SKEW_SECONDS_MIN = 60
const SKEW_SECONDS_WRONG = 5 * 60
const YEARS_SECONDS = 2 * 365 * DAY_SECONDS

/** The columns; a machine without a heartbeat has a dash in each. */
export const REPORT_COLUMNS: readonly Column<KeyView>[] = [
  {
    id: 'version',
    title: 'Version',
    width: 'minmax(7.5rem, 1.2fr)',
    narrow: 'shown',
    sort: ({ machine }) => machine?.version ?? '',
    cell: reportCell((machine) => <ProgramVersion {...machine} />),
  },
  {
    id: 'waiting',
    title: 'Waiting',
    width: 'minmax(9.5rem, 1.5fr)',
    narrow: 'shown',
    sort: ({ machine }) => machine?.waiting_files ?? -1,
    cell: reportCell((machine) => <WaitingFiles {...machine} />),
  },
  {
    id: 'clock',
    title: 'Clock',
    width: 'minmax(8.5rem, 1fr)',
    narrow: 'shown',
    sort: ({ machine }) => Math.abs(machine?.clock_skew_seconds ?? -1),
    cell: reportCell(({ clock_skew_seconds: seconds }) => <ClockSkew seconds={seconds} />),
  },
]

function reportCell(cell: (machine: MachineView) => ReactNode): (row: KeyView) => ReactNode {
  return ({ machine }) => (machine === null ? '–' : cell(machine))
}

function ProgramVersion({ version, platform, arch, is_outdated }: MachineView): ReactNode {
  return (
    <span className={style.said} title={`${platform} ${arch}`}>
      <UntrustedText text={version} /> <UntrustedText className={style.muted} text={platform} />
      {is_outdated && <Badge tone="warn">older</Badge>}
    </span>
  )
}

function WaitingFiles({ waiting_files: files, waiting_bytes: bytes, refused_files: refused, heard_at }: MachineView) {
  return (
    <span className={style.said} title={`as of ${dateAndTime(Date.parse(heard_at))}`}>
      {files === 0 ? 'nothing' : count(files, 'file')}
      {files > 0 && <span className={style.muted}>{size(bytes)}</span>}
      {refused > 0 && <Badge tone="bad">{formatNumber(refused)} refused</Badge>}
    </span>
  )
}

function ClockSkew({ seconds }: Readonly<{ seconds: number }>): ReactNode {
  const off = Math.abs(seconds)
  if (off < SKEW_SECONDS_MIN) return 'right'
  const text = `${off < YEARS_SECONDS ? duration(off * 1000) : 'years'} ${seconds > 0 ? 'behind' : 'ahead'}`
  return off < SKEW_SECONDS_WRONG ? text : <Badge tone="bad">{text}</Badge>
}
