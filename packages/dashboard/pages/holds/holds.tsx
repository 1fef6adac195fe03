/** Held files, which were received whole but look wrong: why, what they would change, and the actions. */
import { Button } from '@mantine/core'
import type { UploadView } from '@splitcart/data-management/http/routes/uploads-schema.ts'
import { useInfiniteQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { uploadsQuery } from '../../api/queries.ts'
import { count, formatNumber } from '../../parts/format.ts'
import { Empty, ErrorNotice, Loading } from '../../parts/notice.tsx'
import { Page } from '../../parts/page.tsx'
import { UploadLink } from '../../parts/page-links.tsx'
import { Ago } from '../../parts/time.tsx'
import { UntrustedBlock, UntrustedText } from '../../parts/untrusted-text.tsx'
import { UploadActions } from '../uploads/actions.tsx'
import { Findings } from '../uploads/findings.tsx'
import { hasRepair, RepairSection } from '../uploads/repair.tsx'
import style from './holds.module.css'
import { UploadPreview } from './preview.tsx'

/** The page at /holds. */
export function Holds(): ReactNode {
  const holds = useInfiniteQuery(uploadsQuery({ state: 'held' }))
  const uploads = holds.data?.pages.flatMap((page) => page.uploads) ?? []
  return (
    <Page
      title="Holds"
      lead={
        uploads.length > 0 &&
        `${count(uploads.length, 'file')} ${uploads.length === 1 ? 'waits' : 'wait'} for a person. Nothing of ${uploads.length === 1 ? 'it' : 'them'} is in the catalogue.`
      }
    >
      {holds.error !== null && <ErrorNotice error={holds.error} retry={holds.refetch} />}
      {holds.isPending ? <Loading /> : uploads.length === 0 && !holds.isError && <NoHolds />}
      {uploads.map((upload) => (
        <HeldUpload key={upload.id} upload={upload} />
      ))}
      {holds.hasNextPage && (
        <Button variant="default" loading={holds.isFetchingNextPage} onClick={() => holds.fetchNextPage()}>
          Show more
        </Button>
      )}
    </Page>
  )
}

function HeldUpload({ upload }: Readonly<{ upload: UploadView }>): ReactNode {
  const { id, filename, load, details, received_at, lines, findings = [] } = upload
  const [holding, others] = [findings.filter(({ held }) => held), findings.filter(({ held }) => !held)]
  return (
    <article className={style.hold} aria-label={filename.slice(0, 100)}>
      <div className={style.head}>
        <h2 className={style.name}>
          <UploadLink id={id} text={filename} />
        </h2>
        <p className={style.about}>
          {formatNumber(load?.rows ?? lines)} rows
          {details?.sender && (
            <>
              , from <UntrustedText text={details.sender.name} />
            </>
          )}
          , <Ago at={received_at} />
        </p>
      </div>
      <div className={style.why}>
        {holding.length > 0 ? (
          <Findings findings={holding} />
        ) : (
          <UntrustedBlock text={load?.problem ?? 'It was held.'} />
        )}
      </div>
      {others.length > 0 && <Findings findings={others} />}
      {hasRepair(findings) && <RepairSection id={id} />}
      <UploadActions upload={upload} />
      <UploadPreview id={id} />
    </article>
  )
}

function NoHolds(): ReactNode {
  return (
    <Empty title="Nothing is held.">
      <p>
        A file is held when it is not believable: far fewer rows than usual, prices that all changed by one factor, too
        many rejects. It waits here for a decision and loses nothing.
      </p>
    </Empty>
  )
}
