/** Builds JSON Schemas of objects whose properties are all required, without a second list of their names. */

type LastOf<Union> = (Union extends unknown ? (each: () => Union) => void : never) extends (each: infer All) => void
  ? All extends () => infer Last
    ? Last
    : never
  : never

/** The members of a union as a tuple. Typebox needs a tuple to infer which properties are required. */
type TupleOf<Union, Last = LastOf<Union>> = [Union] extends [never] ? [] : [...TupleOf<Exclude<Union, Last>>, Last]

/** The schema of an object that has all of these properties. */
export function objectOf<const Properties extends Readonly<Record<string, object>>>(properties: Properties) {
  const required = Object.keys(properties) as unknown as TupleOf<keyof Properties & string>
  return { type: 'object', required, properties } as const
}
