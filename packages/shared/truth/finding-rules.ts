/** Rules that need no reference, for errors that a store's scrapes may always have had. They hold no file. Pure. */
import { formatNumber, percent } from '../number.ts'
import type { Figures } from './figures.ts'
import type { RuleResult } from './finding.ts'
import { TEXT_FAULTS } from './label-fields.ts'
import { exampleNames, firstExamples, scrapeTitle } from './price-rules.ts'
import { isClearlyMore, type RuleInput, sumOf } from './rule-input.ts'
import { PRICE_IS_UNIT_PRICE, UNIT_PRICE_CHECK } from './unit-price.ts'

// In fewer rows, what these rules look for may be chance.
const ROWS_MIN = 20

/** A flag with an implausible value in every row: nothing is available, or everything is on special. */
export function flagsConstant(input: RuleInput): RuleResult[] {
  const { now } = input
  if (now.rows < ROWS_MIN) return []
  const found: RuleResult[] = []
  if (now.filled.is_available === now.rows && now.available === 0)
    found.push(constantFlagResult(input, 'is_available', 'false'))
  if (now.filled.is_on_special === now.rows && now.special === now.rows)
    found.push(constantFlagResult(input, 'is_on_special', 'true'))
  return found
}

function constantFlagResult(input: RuleInput, field: string, value: string): RuleResult {
  const { rows } = input.now
  return {
    field,
    brief: `${field} is ${value} in every row`,
    sentence: `${field} is ${value} in all ${formatNumber(rows)} rows of ${scrapeTitle(input)}: it tells nothing.`,
    rows,
  }
}

/** Unit prices that fit neither their text nor price ÷ size, in over 30 % of the rows that can be checked. */
export function unitPricesDisagree(input: RuleInput): RuleResult | undefined {
  const { unit } = input.now
  const known = sumOf(unit.slice(1))
  const [, , hundredth = 0, hundredfold = 0, differs = 0] = unit
  const wrong = hundredth + hundredfold + differs
  if (known < ROWS_MIN || !isClearlyMore(wrong, known, 0.3)) return undefined
  const difference =
    2 * hundredth > wrong ? '100 times too small' : 2 * hundredfold > wrong ? '100 times too large' : 'something else'
  return {
    field: 'unit_price',
    brief: `unit_price is ${difference}`,
    sentence: `unit_price is ${difference} in ${formatNumber(wrong)} of ${formatNumber(known)} rows of ${scrapeTitle(input)}, by the shop's own text or price and size.`,
    rows: wrong,
    now: wrong / known,
    examples: exampleNames(input, (shown) => (shown.unit & (PRICE_IS_UNIT_PRICE - 1)) > UNIT_PRICE_CHECK.agrees),
  }
}

/** A brand in most rows although there are several categories, or in another script than the names of its rows. */
export function oneBrand(input: RuleInput): RuleResult[] {
  const { now } = input
  if (now.rows < ROWS_MIN) return []
  return now.brands.flatMap(({ brand, rows, isForeign, categories }) => {
    const isEverywhere = isClearlyMore(rows, now.rows, 0.5) && largeCategoryCount(now) >= 3
    if (!isEverywhere && !(isForeign && rows >= ROWS_MIN)) return []
    const where = categories.map(([name]) => name).slice(0, 3)
    const why = isForeign ? 'in another script than the names there' : 'whatever they are'
    const sentence = `The brand ${JSON.stringify(brand)} stands on ${formatNumber(rows)} of ${formatNumber(now.rows)} goods of ${scrapeTitle(input)}, ${why}: ${where.join(', ')}.`
    return [
      {
        field: 'brand',
        brief: `the brand ${JSON.stringify(brand)} stands on goods that it does not fit`,
        sentence,
        rows,
        now: rows / now.rows,
        examples: exampleNames(input, (shown) => shown.brand === brand),
      },
    ]
  })
}

/** How many categories have many rows: second-level ones if nearly all rows are in one top category. */
function largeCategoryCount({ tops, seconds }: Figures): number {
  return (seconds.length > 0 ? seconds : tops).filter(([, rows]) => rows >= ROWS_MIN / 2).length
}

/** Makes the rule on some kinds of faulty texts: templates as addresses, names in a wrong encoding, or HTML in names. */
export function textFaults(...kinds: (keyof typeof FAULT_TEXTS)[]): (input: RuleInput) => RuleResult[] {
  return (input) => kinds.flatMap((kind) => textFaultsOf(input, kind))
}

function textFaultsOf(input: RuleInput, kind: keyof typeof FAULT_TEXTS): RuleResult[] {
  const { field, what, share } = FAULT_TEXTS[kind]
  const { now } = input
  const rows = now.odd[kind]
  if (!rows || rows < share * now.rows) return []
  const sentence = `${field} ${what} in ${formatNumber(rows)} rows of ${scrapeTitle(input)} (${percent(rows / now.rows)}).`
  const hasFault = ({ textFaults }: Readonly<{ textFaults: number }>) => (textFaults & TEXT_FAULTS[kind]) !== 0
  const examples =
    kind === 'template'
      ? firstExamples(input.scrape.sampled, hasFault).map(({ label }) => label.imageUrl ?? '')
      : exampleNames(input, hasFault)
  return [{ field, brief: `${field} ${what.replace(/,$/, '')}`, sentence, rows, now: rows / now.rows, examples }]
}

// `share`: the share of rows from which it is reported.
const FAULT_TEXTS = {
  template: { field: 'image_url', what: 'is a template, not an address,', share: 0.05 },
  urlTemplate: { field: 'url', what: 'is a template, not an address,', share: 0.05 },
  mojibake: { field: 'name', what: 'was read in another encoding than it was written in', share: 0.002 },
  html: { field: 'name', what: 'holds HTML', share: 0.01 },
} as const
