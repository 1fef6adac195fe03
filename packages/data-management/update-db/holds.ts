/** Whether an upload is intact but suspicious, so that a person should look before it is applied (design 6.4). Pure. */
import type { Regrouped } from '../catalogue/loads.ts'

/** From which figures on an upload is held. Shares are from 0 to 1. */
export type HoldLimits = Readonly<{ rowsMin: number; rowsShare: number; rejectsShare: number; mergedMax?: number }>

/** A scrape of the upload, with the number of rows of the store's scrape before it (undefined: there is none). */
export type Compared = Readonly<{ store: string; date: string; rows: number; rowsBefore: number | undefined }>

/** Why an upload is held, as a sentence, or undefined when nothing speaks against it. */
export function reasonToHold(
  scrapes: readonly Compared[],
  lines: Readonly<{ rows: number; rejected: number }>,
  limits: HoldLimits,
): string | undefined {
  // Divided, not multiplied: 7 / 100 is the number written 0.07, while 100 * 0.07 is more than 7.
  // One line is no pattern, however short the file.
  if (lines.rejected > 1 && lines.rejected / lines.rows > limits.rejectsShare)
    return `${lines.rejected} of ${lines.rows} rows are rejected, more than ${percent(limits.rejectsShare)}.`
  for (const { store, date, rows, rowsBefore } of scrapes)
    if (rowsBefore !== undefined && rowsBefore >= limits.rowsMin && rows / rowsBefore < limits.rowsShare)
      return `The scrape of ${store} on ${date} has ${rows} rows, fewer than ${percent(limits.rowsShare)} of the ${rowsBefore} before it.`
  return undefined
}

/** Why an upload is held for what it would do to products that are there; without limits nothing is. */
export function reasonOfProducts(regrouped: Regrouped, limits: HoldLimits | undefined): string | undefined {
  if (limits === undefined) return undefined
  const { merged, foreign, example } = regrouped
  if (foreign > 0)
    return `It would merge or part ${foreign} products of companies that its sender may not write for; nothing of it was loaded.`
  if (merged > (limits.mergedMax ?? Number.POSITIVE_INFINITY))
    return `It would merge ${merged} products that are there with others, more than ${limits.mergedMax}: "${example}" for one.`
  return undefined
}

function percent(share: number): string {
  return `${Math.round(share * 1000) / 10} %`
}
