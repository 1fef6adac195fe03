/** Comparable listings in other shops. They are not part of the product and do not count in its prices. */
import type { ProductAnswer } from '@splitcart/data-management/http/routes/products.ts'
import type { ReactNode } from 'react'
import { COMPANY_COLUMN, SIZE_COLUMN, UNIT_PRICE_COLUMN } from '../../parts/columns.tsx'
import { type Column, DataTable } from '../../parts/data-table.tsx'
import { money } from '../../parts/format.ts'
import { Panel } from '../../parts/page.tsx'
import { ProductLink } from '../../parts/page-links.tsx'
import { UntrustedText } from '../../parts/untrusted-text.tsx'
import style from './product.module.css'

type Comparable = ProductAnswer['comparable'][number]

const COLUMNS: readonly Column<Comparable>[] = [
  { ...COMPANY_COLUMN, width: 'minmax(5rem, 1fr)' },
  {
    id: 'name',
    title: 'Product',
    width: 'minmax(10rem, 3fr)',
    narrow: 'first',
    sort: ({ name }) => name,
    cell: ({ product_id, name }) => <ProductLink id={product_id} name={name} />,
  },
  SIZE_COLUMN,
  {
    id: 'price',
    title: 'From',
    width: '5.5rem',
    alignRight: true,
    narrow: 'bare',
    sort: ({ lowest_cents }) => lowest_cents ?? Number.POSITIVE_INFINITY,
    cell: ({ lowest_cents: cents }) => (cents === null ? '–' : money(cents)),
  },
  UNIT_PRICE_COLUMN,
  {
    id: 'why',
    title: 'Why',
    width: 'minmax(10rem, 3fr)',
    sort: ({ level }) => level,
    cell: (each) => <span className={style.notes}>{reasonText(each)}</span>,
  },
]

function reasonText({ level, said_by, reasons }: Comparable): ReactNode {
  const who = said_by === null ? (level === 'identical' ? 'seems the same' : 'seems comparable') : `${said_by} says so`
  return <UntrustedText text={[who, ...reasons].join('; ')} />
}

/** The table; nothing if there are no comparable listings. */
export function ComparableListings({ product: { comparable } }: Readonly<{ product: ProductAnswer }>): ReactNode {
  if (comparable.length === 0) return null
  return (
    <Panel title="Comparable in other shops" note="not counted in the prices above" plain>
      <DataTable
        label="Comparable in other shops"
        columns={COLUMNS}
        rows={comparable}
        idOf={({ company, sku, key }) => JSON.stringify([company, sku ?? key])}
      />
    </Panel>
  )
}
