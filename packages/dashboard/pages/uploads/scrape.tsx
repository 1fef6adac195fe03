/** Finds the upload that contained a store's scrape of a date; charts and tables of prices link here. */
import { useQuery } from '@tanstack/react-query'
import { Navigate, useSearch } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { scrapesQuery } from '../../api/queries.ts'
import { count, date as written } from '../../parts/format.ts'
import { Empty, ErrorNotice, Loading } from '../../parts/notice.tsx'
import { Page } from '../../parts/page.tsx'
import { UploadLink } from '../../parts/page-links.tsx'
import { UntrustedText } from '../../parts/untrusted-text.tsx'

/** Redirects to the upload if there is exactly one; lists all if several files describe the date. */
export function ScrapePage(): ReactNode {
  const { store, date } = useSearch({ from: '/shell/scrape' })
  const { data, error, refetch } = useQuery(scrapesQuery(store, date))
  const [first, ...others] = data?.scrapes ?? []
  if (first !== undefined && first.upload_id !== null && others.length === 0)
    return <Navigate to="/uploads/$id" params={{ id: first.upload_id }} replace />
  return (
    <Page title="Where this price came from" lead={<UntrustedText text={`${store}, ${written(date)}`} />}>
      {error && <ErrorNotice error={error} retry={refetch} />}
      {data === undefined && error === null && <Loading />}
      {data?.scrapes.length === 0 && <Empty title="No scrape of this store has this date." />}
      <ul>
        {data?.scrapes.map(({ filename, upload_id, listings }) => (
          <li key={filename}>
            <UploadLink id={upload_id} text={filename} /> {count(listings, 'listing')}
          </li>
        ))}
      </ul>
    </Page>
  )
}
