/** Inputs made from other inputs. */
import type { Chance } from '../packages/data-management/test/random.ts'

export type Stock = Readonly<{ inputs: readonly Buffer[]; words: readonly Buffer[]; bytesMax: number }>

type Change = (input: Buffer, chance: Chance, stock: Stock) => Buffer

const ODD_BYTES = [0x00, 0x01, 0x7f, 0x80, 0xff, 0x0a, 0x0d, 0x20, 0x22, 0x5c, 0x2e, 0x2f, 0x30, 0x39]
const CHANGES_MAX = 6

const CHANGES: readonly Change[] = [
  (input, chance) => changed(input, chance, (byte) => byte ^ (1 << chance.between(0, 7))),
  (input, chance) => changed(input, chance, () => chance.between(0, 255)),
  (input, chance) => changed(input, chance, () => chance.of(ODD_BYTES)),
  (input, chance) => changed(input, chance, (byte) => byte + chance.of([-1, 1])),
  (input, chance) => put(input, chance, Buffer.from([chance.of(ODD_BYTES)])),
  (input, chance) => put(input, chance, Buffer.alloc(chance.between(1, 40), chance.of(ODD_BYTES))),
  (input, chance, { words }) => (words.length === 0 ? input : put(input, chance, chance.of(words))),
  (input, chance, { words }) => (words.length === 0 ? input : over(input, chance, chance.of(words))),
  (input, chance) => put(input, chance, pieceOf(input, chance)),
  (input, chance, { inputs }) => put(input, chance, pieceOf(chance.of(inputs), chance)),
  (input, chance, { inputs }) => Buffer.concat([headOf(input, chance), tailOf(chance.of(inputs), chance)]),
  (input, chance) => {
    const from = place(input, chance)
    return Buffer.concat([input.subarray(0, from), input.subarray(from + chance.between(1, 16))])
  },
  (input, chance) => headOf(input, chance),
  (input, chance) => withOtherDigits(input, chance),
  (input, chance) => withOtherDigits(input, chance),
  (input, chance) => {
    const piece = pieceOf(input, chance).subarray(0, 64)
    return put(input, chance, Buffer.alloc(piece.length * chance.between(1, 50), piece))
  },
]

/** An input that differs by a few changes from one of the stock. */
export function mutated(chance: Chance, stock: Stock): Buffer {
  // The newest are looked at more often, what is around them has not been tried yet; and the smaller ones, a change of them counts more.
  const inputs = chance.is(0.4) ? stock.inputs.slice(-8) : stock.inputs
  const [one, other] = [chance.of(inputs), chance.of(inputs)]
  let input = one.length < other.length ? one : other
  for (let changes = chance.between(1, CHANGES_MAX); changes > 0; changes--)
    input = chance.of(CHANGES)(input, chance, stock)
  return input.length > stock.bytesMax ? input.subarray(0, stock.bytesMax) : input
}

/** One of the numbers in a text, with digits put in or exchanged. */
function withOtherDigits(input: Buffer, chance: Chance): Buffer {
  const text = input.toString('latin1')
  const numbers = [...text.matchAll(/\d+/g)]
  if (numbers.length === 0) return input
  const { 0: digits, index } = chance.of(numbers)
  const at = chance.between(0, digits.length)
  const others = String(chance.between(0, 10 ** chance.between(1, 4)))
  const rest = chance.is(0.5) ? digits.slice(at) : digits.slice(at + others.length)
  return Buffer.from(text.slice(0, index + at) + others + rest + text.slice(index + digits.length), 'latin1')
}

function place(input: Buffer, chance: Chance): number {
  return chance.between(0, input.length)
}

function changed(input: Buffer, chance: Chance, change: (byte: number) => number): Buffer {
  if (input.length === 0) return Buffer.from([chance.between(0, 255)])
  const copy = Buffer.from(input)
  const at = chance.between(0, copy.length - 1)
  copy[at] = change(copy[at]!) & 0xff
  return copy
}

function put(input: Buffer, chance: Chance, piece: Buffer): Buffer {
  const at = place(input, chance)
  return Buffer.concat([input.subarray(0, at), piece, input.subarray(at)])
}

function over(input: Buffer, chance: Chance, piece: Buffer): Buffer {
  const at = place(input, chance)
  return Buffer.concat([input.subarray(0, at), piece, input.subarray(at + piece.length)])
}

function pieceOf(input: Buffer, chance: Chance): Buffer {
  const from = place(input, chance)
  return input.subarray(from, from + chance.between(1, 32))
}

function headOf(input: Buffer, chance: Chance): Buffer {
  return input.subarray(0, place(input, chance))
}

function tailOf(input: Buffer, chance: Chance): Buffer {
  return input.subarray(place(input, chance))
}
