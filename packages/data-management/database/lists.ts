/** SQL for a list of any length as one parameter: numbers, or words without characters that need escaping. */

type Kind = 'integer' | 'text'

/** `those`: a table of one column, `value`. `ofAll`: an aggregate, all numbers of a column as a list; `numbersIn` reads it. */
export const LISTS = {
  sqlite: {
    those: (place: string, _kind: Kind) => `json_each(${place})`,
    areIn: (place: string, _kind: Kind) => `in (select value from json_each(${place}))`,
    asValue: (list: readonly (number | string)[]) => JSON.stringify(list),
    ofAll: (column: string) => `json_group_array(${column})`,
    numbersIn: (list: string | null) => JSON.parse(list ?? '[]') as number[],
  },
  postgres: {
    those: (place: string, kind: Kind) => `(select unnest(cast(${place} as ${kind}[])) as value)`,
    areIn: (place: string, kind: Kind) => `= any(cast(${place} as ${kind}[]))`,
    asValue: (list: readonly (number | string)[]) => `{${list.map((each) => JSON.stringify(each)).join(',')}}`,
    ofAll: (column: string) => `cast(array_agg(${column}) as text)`,
    numbersIn: (list: string | null) => (list === null ? [] : list.slice(1, -1).split(',').map(Number)),
  },
}
