/** The page of one upload: its state, findings, counts, timeline and receipt, and the actions on it. */
import type { UploadView } from '@splitcart/data-management/http/routes/uploads-schema.ts'
import { useQuery } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { uploadQuery } from '../../api/queries.ts'
import { useIsAdmin } from '../../api/session.ts'
import { CopyTextButton } from '../../parts/commands.tsx'
import { count, formatNumber, size } from '../../parts/format.ts'
import { Icon } from '../../parts/icon.tsx'
import { ErrorNotice, Loading } from '../../parts/notice.tsx'
import { Facts, Page, Panel } from '../../parts/page.tsx'
import { UntrustedBlock, UntrustedText } from '../../parts/untrusted-text.tsx'
import { ChangesOfUpload } from '../changes/first-changes.tsx'
import { UploadActions } from './actions.tsx'
import { LoadCounts } from './counts.tsx'
import { FieldRemarks, Findings } from './findings.tsx'
import { LoadState } from './load-state.tsx'
import { hasRepair, RepairSection } from './repair.tsx'
import { Timeline } from './timeline.tsx'
import style from './upload.module.css'

/** The page at /uploads/<id>. */
export function UploadPage(): ReactNode {
  const { id } = useParams({ from: '/shell/uploads/$id' })
  const { data, error, refetch } = useQuery(uploadQuery(id))
  return (
    <Page
      title={data?.filename ?? 'Upload'}
      heading={data && <UntrustedBlock text={data.filename} />}
      lead={<Link to="/uploads">All uploads</Link>}
    >
      {error && <ErrorNotice error={error} retry={refetch} />}
      {data === undefined ? error === null && <Loading /> : <UploadDetails upload={data} />}
    </Page>
  )
}

function UploadDetails({ upload }: Readonly<{ upload: UploadView }>): ReactNode {
  const { id, load, filename, findings = [] } = upload
  const problem = load?.problem ?? null
  return (
    <>
      <p className={style.state}>
        <LoadState upload={upload} />
      </p>
      {problem !== null && (
        <p className={style.problem} data-state={upload.state}>
          <UntrustedBlock text={problem} />{' '}
          {upload.state === 'held' && <Link to="/holds">See what it would change</Link>}
        </p>
      )}
      {findings.length > 0 && <Findings findings={findings} />}
      {hasRepair(findings) && <RepairSection id={id} />}
      <UploadActions upload={upload} />
      <div className={style.two}>
        <Panel title="What became of its rows">
          {load === null ? (
            <p className={style.muted}>Not loaded yet: {count(upload.lines, 'line')} wait.</p>
          ) : (
            <LoadCounts load={load} />
          )}
          <FieldRemarks upload={upload} />
          {load !== null && load.rejected > 0 && (
            <p className={style.links}>
              <Link to="/rejects" search={{ upload: id }}>
                Look at its rejects
              </Link>
              <Download href={`/api/uploads/${id}/rejects`} name={`${filename}.rejects.jsonl`}>
                its rejects
              </Download>
            </p>
          )}
        </Panel>
        <Panel title="From accepted to committed">
          <Timeline upload={upload} />
        </Panel>
      </div>
      {upload.state === 'loaded' && <ChangesOfUpload id={id} />}
      <ReceiptPanel upload={upload} />
    </>
  )
}

function ReceiptPanel({ upload }: Readonly<{ upload: UploadView }>): ReactNode {
  const isAdmin = useIsAdmin()
  const { id, sha256, bytes, lines, details, filename } = upload
  const wire = details?.wire_bytes ?? null
  return (
    <Panel title="Receipt">
      <Facts
        facts={[
          ['Id', <CopyableCode key="id" text={id} what="the id" />],
          ['SHA-256', <CopyableCode key="sha256" text={sha256} what="the SHA-256" />],
          ['Size', wire === null ? size(bytes) : `${size(bytes)}, sent as ${size(wire)}`],
          ['Lines', formatNumber(lines)],
          [
            'Key',
            details?.sender ? <UntrustedText key="key" text={details.sender.name} /> : 'copied into the inbox by hand',
          ],
          [
            'Sent',
            details === undefined || details.times_sent < 2
              ? 'once'
              : `${details.times_sent} times; the same bytes count once`,
          ],
        ]}
      />
      {isAdmin && (
        <p className={style.links}>
          <Download href={`/api/uploads/${id}/content`} name={filename}>
            the file as it came
          </Download>
        </p>
      )}
    </Panel>
  )
}

function CopyableCode({ text, what }: Readonly<{ text: string; what: string }>): ReactNode {
  return (
    <span className={style.code}>
      <code>{text}</code>
      <CopyTextButton text={text} what={what} />
    </span>
  )
}

function Download({ href, name, children }: Readonly<{ href: string; name: string; children: ReactNode }>): ReactNode {
  return (
    <a href={href} download={name} className={style.download}>
      <Icon name="download" size={15} /> Download {children}
    </a>
  )
}
