/**
 * How much is in a pack, as shops write it: "6 x 1.5 L", "375mL x 10", "2,000 ml", "approx. 60g each", "12pk", "ea". Pure.
 *
 *   text ─▶ amount and unit of all of it, how many pieces, and whether it is exact
 */

/** What amounts are measured in: grams, millilitres, metres, pieces. */
export type Unit = 'g' | 'ml' | 'm' | 'each'

/** `amount` is that of all pieces together. `count` is the number of pieces in the text, 1 if it has none. */
export type PackSize = Readonly<{ amount: number; unit: Unit; count: number; isExact: boolean }>

const EXACT = {
  g: ['g', 1],
  gm: ['g', 1],
  gms: ['g', 1],
  gr: ['g', 1],
  gram: ['g', 1],
  grams: ['g', 1],
  kg: ['g', 1000],
  kgs: ['g', 1000],
  kilo: ['g', 1000],
  kilos: ['g', 1000],
  mg: ['g', 0.001],
  ml: ['ml', 1],
  mls: ['ml', 1],
  cl: ['ml', 10],
  dl: ['ml', 100],
  l: ['ml', 1000],
  lt: ['ml', 1000],
  ltr: ['ml', 1000],
  litre: ['ml', 1000],
  litres: ['ml', 1000],
  liter: ['ml', 1000],
  liters: ['ml', 1000],
  m: ['m', 1],
  mtr: ['m', 1],
  metre: ['m', 1],
  metres: ['m', 1],
  meter: ['m', 1],
  meters: ['m', 1],
} as const
// Units whose conversion is rounded, so that they are never exact.
const ROUNDED = {
  oz: ['g', 28.349523],
  ozs: ['g', 28.349523],
  lb: ['g', 453.59237],
  lbs: ['g', 453.59237],
  floz: ['ml', 29.573529],
} as const
const MEASURES: Readonly<Record<string, readonly [Unit, number]>> = { ...EXACT, ...ROUNDED }
const PIECES =
  'ea|each|eachunit|pk|pks|pkt|pac|packs?|pieces?|pce|pcs?|ct|count|sheets?|tablets?|tabs?|caps(?:ules?)?|rolls?|bags?|wipes?|pads?|pods?|cans?|bottles?|bars?|sachets?|serves?|pairs?'

const NUMBER = String.raw`(\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:[.,]\d+)?|[.]\d+)`
const MEASURE = String.raw`(fl\.?\s*oz|${Object.keys(MEASURES)
  .sort((one, other) => other.length - one.length)
  .join('|')})(?![\p{L}])`
const OF_PIECES = String.raw`(?:${PIECES})(?![\p{L}])`
/** An amount within a text. */
export const AMOUNT_PATTERN = new RegExp(String.raw`(?<=^|[^\p{L}\d.,]|\d\s*[x×*])${NUMBER}\s*-?\s*${MEASURE}`, 'giu')
const TIMES_BEFORE = new RegExp(String.raw`(?<![\d.,])(\d{1,4})\s*(?:${PIECES})?\s*[x×*]\s*(?:approx\.?\s*)?$`, 'iu')
const TIMES_BEHIND = new RegExp(String.raw`^\s*(?:each\s*)?[x×*]\s*(\d{1,4})(?![\d.,]*\s*${MEASURE})`, 'iu')
const PACKS = /(?<![\p{L}\d.,])(\d{1,4})\s*-?\s*(?:pk|pks|pac|packs?)(?![\p{L}])/iu
const COUNTED = new RegExp(String.raw`(?<![\p{L}\d.,])${NUMBER}\s*-?\s*${OF_PIECES}`, 'iu')
const ONE_PIECE = /^\s*(?:ea|each|eachunit|piece|unit)\s*$/iu
const INEXACT = /approx|about|minimum|min\.|up to|eachunit|~|\d\s*[-–]\s*\d+(?:[.,]\d+)?\s*(?:k?g|m?l)(?![\p{L}])/iu

/** What a text says about the size of a pack, or undefined when it says nothing. */
export function packSizeOf(text: string): PackSize | undefined {
  if (!/\d/.test(text)) return ONE_PIECE.test(text) ? sizeInPieces(1, !INEXACT.test(text)) : undefined
  const isExact = !INEXACT.test(text)
  const [first, ...others] = text.matchAll(AMOUNT_PATTERN)
  if (first !== undefined)
    return measuredSize(text, first, isExact && others.every((other) => areSameAmount(first, other)))
  const counted = COUNTED.exec(text)
  return counted === null ? undefined : sizeInPieces(parseNumber(counted[1]!), isExact)
}

function measuredSize(text: string, found: RegExpMatchArray, isExact: boolean): PackSize | undefined {
  const { name, unit, amount: each } = amountIn(found)
  const before = text.slice(0, found.index)
  const behind = text.slice(found.index! + found[0].length)
  const count = pieceCountOf(before, behind)
  const amount = roundAmount(each * count)
  return amount > 0 ? { amount, unit, count, isExact: isExact && name in EXACT } : undefined
}

function pieceCountOf(before: string, behind: string): number {
  const times = TIMES_BEFORE.exec(before)?.[1] ?? TIMES_BEHIND.exec(behind)?.[1]
  const packs = times ?? PACKS.exec(before)?.[1] ?? PACKS.exec(behind)?.[1]
  return packs === undefined ? 1 : Math.max(1, Number(packs))
}

function areSameAmount(one: RegExpMatchArray, other: RegExpMatchArray): boolean {
  const [first, second] = [amountIn(one), amountIn(other)]
  return first.unit === second.unit && roundAmount(first.amount) === roundAmount(second.amount)
}

function amountIn(found: RegExpMatchArray) {
  const name = found[2]!.toLowerCase().replace(/[\s.]/g, '')
  const [unit, factor] = MEASURES[name]!
  return { name, unit, amount: parseNumber(found[1]!) * factor }
}

function sizeInPieces(count: number, isExact: boolean): PackSize | undefined {
  return count > 0 ? { amount: count, unit: 'each', count: Math.max(1, Math.round(count)), isExact } : undefined
}

/** A comma before three digits separates thousands, unless the number begins with 0. */
function parseNumber(text: string): number {
  if (/^[1-9]\d{0,2}(?:,\d{3})+/.test(text)) return Number(text.replaceAll(',', ''))
  return Number(text.replace(',', '.'))
}

function roundAmount(amount: number): number {
  return Math.round(amount * 1000) / 1000
}
