/** Statements on how good a price is, from the price history of its chain. Pure functions. */
import type { ProductAnswer } from '@splitcart/data-management/http/routes/products.ts'
import { money } from '../../parts/format.ts'

type Chain = ProductAnswer['chains'][number]

/** A statement about a price, and whether it is good news. */
export type DealStatement = Readonly<{ text: string; tone: 'good' | 'bad' | 'calm' }>

/** The statements about the lowest price of a chain; none if that price is not current. */
export function dealStatements({ is_silent, lowest_cents: price, is_on_special, ...chain }: Chain): DealStatement[] {
  if (is_silent || price === null) return []
  const { lowest_before_cents: before, usual_cents: usual, usual_special_cents: special, was_price_cents: was } = chain
  const said: DealStatement[] = []
  if (before !== null && price < before) said.push({ text: 'The lowest of the last 30 days.', tone: 'good' })
  const isReduced = is_on_special || (was !== null && was > price)
  if (isReduced && before !== null && before < price)
    said.push({
      text: `Told to be reduced, and yet dearer than ${money(before)} within the 30 days before.`,
      tone: 'bad',
    })
  else if (isReduced && before === price)
    said.push({ text: 'Told to be reduced, and no cheaper than within the 30 days before.', tone: 'bad' })
  if (special !== null && special < price)
    said.push({ text: `On special it usually costs ${money(special)}.`, tone: 'calm' })
  else if (usual !== null && price > usual) said.push({ text: `Dearer than the usual ${money(usual)}.`, tone: 'calm' })
  return said
}
