/** What loading a held file would change: counts, the biggest price jumps, and the listings that would disappear. */
import type { HoldPreview } from '@splitcart/data-management/http/routes/uploads-schema.ts'
import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { previewQuery } from '../../api/queries.ts'
import { changePercent, formatNumber, money } from '../../parts/format.ts'
import { ErrorNotice, Loading } from '../../parts/notice.tsx'
import { StoreLink } from '../../parts/store-link.tsx'
import { Ago, ScrapeDate } from '../../parts/time.tsx'
import { UntrustedText } from '../../parts/untrusted-text.tsx'
import style from './preview.module.css'

/** Fetches and shows the preview of one held upload. */
export function UploadPreview({ id }: Readonly<{ id: string }>): ReactNode {
  const { data, error, refetch } = useQuery(previewQuery(id))
  if (error !== null) return <ErrorNotice error={error} retry={refetch} />
  if (data === undefined) return <Loading what="Looking what it would change" />
  if (data.preview === null)
    return (
      <p className={style.note}>It was taken out by a person; what it would change is known when it is released.</p>
    )
  return <PreviewDetails preview={data.preview} />
}

function PreviewDetails({ preview }: Readonly<{ preview: HoldPreview }>): ReactNode {
  const { inserted, changed, unchanged, disappeared } = preview
  return (
    <section className={style.preview} aria-label="What it would change">
      <h3 className={style.title}>
        Loading it would{' '}
        <span className={style.note}>
          (as of <Ago at={preview.made_at} />)
        </span>
      </h3>
      <dl className={style.numbers}>
        <Count name="add" value={inserted} />
        <Count name="change" value={changed} />
        <Count name="leave as they are" value={unchanged} />
        <Count name="make disappear" value={disappeared} isBad={disappeared > 0} />
      </dl>
      <PreviewStores preview={preview} />
      <div className={style.lists}>
        {preview.jumps.length > 0 && <PriceJumps jumps={preview.jumps} />}
        {preview.first_disappeared.length > 0 && <DisappearedListings preview={preview} />}
      </div>
    </section>
  )
}

function Count({ name, value, isBad = false }: Readonly<{ name: string; value: number; isBad?: boolean }>): ReactNode {
  return (
    <div className={style.number} data-bad={isBad}>
      <dt>{name}</dt>
      <dd>{formatNumber(value)}</dd>
    </div>
  )
}

function PreviewStores({ preview: { stores } }: Readonly<{ preview: HoldPreview }>): ReactNode {
  return (
    <ul className={style.stores}>
      {stores.map(({ company, store_id, store_name, date, rows, rows_before }) => (
        <li key={JSON.stringify([company, store_id, date])}>
          <StoreLink store={{ company, store_id }}>
            <UntrustedText text={`${company} · ${store_name}`} />
          </StoreLink>{' '}
          on <ScrapeDate on={date} />: {formatNumber(rows)} rows
          {rows_before === null ? ', the first of this store' : `, ${formatNumber(rows_before)} before`}
        </li>
      ))}
    </ul>
  )
}

function PriceJumps({ jumps }: Pick<HoldPreview, 'jumps'>): ReactNode {
  return (
    <div className={style.list}>
      <h4>Biggest price jumps</h4>
      <table>
        <thead>
          <tr>
            <th scope="col">Product</th>
            <th scope="col">From</th>
            <th scope="col">To</th>
            <th scope="col">Change</th>
          </tr>
        </thead>
        <tbody>
          {jumps.map(({ company, store_id, store_name, sku, name, from_cents, to_cents }) => (
            <tr key={JSON.stringify([company, store_id, sku, name])}>
              <th scope="row" title={`${company} · ${store_name}`}>
                <UntrustedText text={name} />
              </th>
              <td>{money(from_cents)}</td>
              <td>{money(to_cents)}</td>
              <td data-up={to_cents > from_cents}>{changePercent(from_cents, to_cents)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

function DisappearedListings({ preview }: Readonly<{ preview: HoldPreview }>): ReactNode {
  const { first_disappeared: first, disappeared } = preview
  return (
    <div className={style.list}>
      <h4>Would disappear{disappeared > first.length && `, ${first.length} of ${formatNumber(disappeared)}`}</h4>
      <ul>
        {first.map(({ company, store_id, store_name, sku, name }) => (
          <li key={JSON.stringify([company, store_id, sku, name])} title={`${company} · ${store_name}`}>
            <UntrustedText text={name} />
          </li>
        ))}
      </ul>
    </div>
  )
}
