/** The choice of one company. */
import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { storesQuery } from '../api/queries.ts'
import { ChoiceFilter } from './filters.tsx'

type Props = Readonly<{ value: string | undefined; onChange: (value: string | undefined) => void }>

/** A choice among all companies that have a store. */
export function CompanyFilter({ value, onChange }: Props): ReactNode {
  const { data } = useQuery(storesQuery)
  const companies = [...new Set(data?.stores.map(({ company }) => company))]
  return <ChoiceFilter label="Company" all="all companies" values={companies} value={value} onChange={onChange} />
}
