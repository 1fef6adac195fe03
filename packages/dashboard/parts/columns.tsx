/** Columns that several tables share. */
import type { Column } from './data-table.tsx'
import { unitPrice } from './format.ts'
import { DateAndTime } from './time.tsx'
import { UntrustedText } from './untrusted-text.tsx'

type UnitPriced = Readonly<{ unit_price_cents?: number | null; unit_price_per?: string | null }>

/** The unit price; rows without one are sorted last. */
export const UNIT_PRICE_COLUMN: Column<UnitPriced> = {
  id: 'unit',
  title: 'By amount',
  width: '8rem',
  alignRight: true,
  narrow: 'bare',
  sort: ({ unit_price_cents }) => unit_price_cents ?? Number.POSITIVE_INFINITY,
  cell: ({ unit_price_cents = null, unit_price_per = null }) => unitPrice({ unit_price_cents, unit_price_per }),
}

/** The company, by its code. */
export const COMPANY_COLUMN: Column<Readonly<{ company: string }>> = {
  id: 'company',
  title: 'Company',
  width: 'minmax(6rem, 1fr)',
  narrow: 'bare',
  sort: ({ company }) => company,
  cell: ({ company }) => <UntrustedText text={company} />,
}

/** The size of a product, as the shops write it. */
export const SIZE_COLUMN: Column<Readonly<{ size?: string | null }>> = {
  id: 'size',
  title: 'Size',
  width: '7rem',
  narrow: 'bare',
  sort: ({ size }) => size ?? '',
  cell: ({ size }) => <UntrustedText text={size ?? ''} />,
}

/** Date and time, to the second. */
export const TIME_COLUMN: Column<Readonly<{ at: string }>> = {
  id: 'at',
  title: 'When',
  width: '14.5rem',
  narrow: 'bare',
  sort: ({ at }) => at,
  cell: ({ at }) => <DateAndTime at={at} />,
}
