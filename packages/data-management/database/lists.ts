/** Passes a list of any length as one SQL parameter: numbers, or words without characters that need escaping. */

type ElementType = 'integer' | 'text'

/**
 * SQL by dialect; `place` is the placeholder of the list. `those`: the list as a table with one column, `value`.
 * `areIn`: the condition that a value is in the list. `asValue`: the list as the value of the parameter. `ofAll`:
 * an aggregate that returns the numbers of a column as one text, which `numbersIn` parses.
 */
export const LISTS = {
  sqlite: {
    those: (place: string, _kind: ElementType) => `json_each(${place})`,
    areIn: (place: string, _kind: ElementType) => `in (select value from json_each(${place}))`,
    asValue: (list: readonly (number | string)[]) => JSON.stringify(list),
    ofAll: (column: string) => `json_group_array(${column})`,
    numbersIn: (list: string | null) => JSON.parse(list ?? '[]') as number[],
  },
  postgres: {
    those: (place: string, kind: ElementType) => `(select unnest(cast(${place} as ${kind}[])) as value)`,
    areIn: (place: string, kind: ElementType) => `= any(cast(${place} as ${kind}[]))`,
    asValue: (list: readonly (number | string)[]) => `{${list.map((each) => JSON.stringify(each)).join(',')}}`,
    ofAll: (column: string) => `cast(array_agg(${column}) as text)`,
    numbersIn: (list: string | null) => (list === null ? [] : list.slice(1, -1).split(',').map(Number)),
  },
}
