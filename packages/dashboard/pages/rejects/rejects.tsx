/** The page of rejected rows, grouped by reason and source. */
import { Button } from '@mantine/core'
import type { RejectGroupView } from '@splitcart/data-management/http/routes/rejects-schema.ts'
import { useInfiniteQuery } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { type RejectFilters, rejectsQuery } from '../../api/queries.ts'
import { urlWithQuery } from '../../api/request.ts'
import { CompanyFilter } from '../../parts/company-filter.tsx'
import filterStyle from '../../parts/filters.module.css'
import { ChoiceFilter, Filters } from '../../parts/filters.tsx'
import { count, dateAndTime, formatNumber } from '../../parts/format.ts'
import { Icon } from '../../parts/icon.tsx'
import { Empty, ErrorNotice, Loading } from '../../parts/notice.tsx'
import { Page } from '../../parts/page.tsx'
import { UploadLink } from '../../parts/page-links.tsx'
import { StoreLink } from '../../parts/store-link.tsx'
import { Ago } from '../../parts/time.tsx'
import { UntrustedBlock, UntrustedText } from '../../parts/untrusted-text.tsx'
import { RejectedLine } from './rejected-line.tsx'
import style from './rejects.module.css'

const CODES = [
  'field_missing',
  'field_type',
  'field_value',
  'not_json',
  'not_a_row',
  'not_utf8',
  'line_too_long',
  'too_nested',
  'too_many_keys',
  'key_forbidden',
  'store_not_permitted',
]

/** The page at /rejects. */
export function Rejects(): ReactNode {
  const { table: _, ...filters } = useSearch({ from: '/shell/rejects' })
  const rejects = useInfiniteQuery(rejectsQuery(filters))
  const groups = rejects.data?.pages.flatMap((page) => page.groups) ?? []
  const sum = rejects.data?.pages[0]?.rejects ?? 0
  return (
    <Page
      title="Rejects"
      lead={
        sum > 0 && `${count(sum, 'row')} in ${count(groups.length, 'group')}${rejects.hasNextPage ? ' so far' : ''}`
      }
      actions={sum > 0 && <DownloadLines filters={filters} />}
    >
      <RejectFilterRow />
      {rejects.error !== null && <ErrorNotice error={rejects.error} retry={rejects.refetch} />}
      {rejects.isPending ? <Loading /> : groups.length === 0 && !rejects.isError && <NoRejects filters={filters} />}
      <ul className={style.groups}>
        {groups.map((group) => (
          <RejectGroup key={JSON.stringify([group.code, group.field, group.company, group.store_id])} group={group} />
        ))}
      </ul>
      {rejects.hasNextPage && (
        <Button variant="default" loading={rejects.isFetchingNextPage} onClick={() => rejects.fetchNextPage()}>
          Show more groups
        </Button>
      )}
    </Page>
  )
}

function DownloadLines({ filters }: Readonly<{ filters: RejectFilters }>): ReactNode {
  return (
    <Button
      component="a"
      size="xs"
      variant="default"
      leftSection={<Icon name="download" size={15} />}
      href={urlWithQuery('/api/rejects/lines', filters)}
      download="rejects.jsonl"
    >
      Download as JSON Lines
    </Button>
  )
}

function RejectGroup({ group }: Readonly<{ group: RejectGroupView }>): ReactNode {
  const { field, samples } = group
  const [sample] = samples
  return (
    <li className={style.group}>
      <RejectGroupHead group={group} />
      {sample && (
        <p className={style.reason}>
          <UntrustedBlock text={sample.reason} />
        </p>
      )}
      <ul className={style.samples}>
        {samples.map((each) => (
          <li key={`${each.upload_id} ${each.line}`}>
            <p className={style.place}>
              line {formatNumber(each.line)} of <UploadLink id={each.upload_id} text={each.filename} />
            </p>
            <RejectedLine raw={each.raw} base64={each.raw_base64} field={field} />
          </li>
        ))}
      </ul>
    </li>
  )
}

function RejectGroupHead({ group }: Readonly<{ group: RejectGroupView }>): ReactNode {
  const { code, field, company, store_id, store_name } = group
  return (
    <div className={style.head}>
      <h2 className={style.what}>
        <code>{code}</code>
        {field !== null && (
          <>
            {' '}
            in <code>{field}</code>
          </>
        )}
      </h2>
      <span className={style.count}>{count(group.count, 'row')}</span>
      <span className={style.source}>
        <RejectSource {...{ company, store_id, store_name }} />
      </span>
      <span className={style.when}>
        in {count(group.uploads, 'file')}, last <Ago at={group.last_at} />
      </span>
    </div>
  )
}

type RejectSourceProps = Pick<RejectGroupView, 'company' | 'store_id' | 'store_name'>

function RejectSource({ company, store_id, store_name }: RejectSourceProps): ReactNode {
  if (company === null) return 'several sources, or none that is known'
  if (store_id === null)
    return (
      <Link to="/rejects" search={{ company }}>
        <UntrustedText text={company} />
      </Link>
    )
  return (
    <StoreLink store={{ company, store_id }}>
      <UntrustedText text={[company, store_name].filter((name) => name !== null).join(' · ')} />
    </StoreLink>
  )
}

function RejectFilterRow(): ReactNode {
  const { table: _, ...filters } = useSearch({ from: '/shell/rejects' })
  const navigate = useNavigate({ from: '/rejects' })
  const narrowed = (['field', 'store', 'upload', 'since'] as const).filter((name) => filters[name] !== undefined)
  return (
    <Filters>
      <ChoiceFilter
        label="Reason"
        all="all reasons"
        values={CODES}
        value={filters.code}
        onChange={(code) => navigate({ search: (now) => ({ ...now, code }) })}
      />
      <CompanyFilter
        value={filters.company}
        onChange={(company) => navigate({ search: (now) => ({ ...now, company, store: undefined }) })}
      />
      {narrowed.map((name) => (
        <Link
          key={name}
          from="/rejects"
          to="/rejects"
          search={(now) => ({ ...now, [name]: undefined })}
          className={filterStyle.only}
        >
          {name === 'since' ? 'only since' : `only of the ${name}`}{' '}
          <UntrustedText text={name === 'since' ? timeText(filters.since) : (filters[name] ?? '')} /> ×
        </Link>
      ))}
    </Filters>
  )
}

function timeText(text: string | undefined): string {
  const at = Date.parse(text ?? '')
  return Number.isNaN(at) ? (text ?? '') : dateAndTime(at)
}

function NoRejects({ filters }: Readonly<{ filters: RejectFilters }>): ReactNode {
  if (Object.values(filters).some((value) => value !== undefined))
    return (
      <Empty title="No rejected row is like that.">
        <Link to="/rejects">Show all rejects</Link>
      </Empty>
    )
  return (
    <Empty title="Every row that arrived was loaded.">
      <p>
        A row that is not right will be here with its reason; its sender finds it beside its file in the archive, too.
      </p>
    </Empty>
  )
}
