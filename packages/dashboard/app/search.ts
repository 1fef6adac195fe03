/** Filters in the URL: plain query parameters; repeated ones are lists. */

/** The parameters of a URL. */
export type Parameters = Readonly<Record<string, unknown>>

/** Reads a query string. */
export function parseSearch(text: string): Record<string, string | string[]> {
  const found: Record<string, string | string[]> = {}
  const parameters = new URLSearchParams(text)
  for (const name of new Set(parameters.keys())) {
    const values = parameters.getAll(name)
    found[name] = values.length === 1 ? values[0]! : values
  }
  return found
}

/** Writes a query string. Undefined and empty values are left out. */
export function stringifySearch(search: Parameters): string {
  const parameters = new URLSearchParams()
  for (const [name, value] of Object.entries(search))
    for (const each of [value].flat()) if (each !== undefined && each !== '') parameters.append(name, String(each))
  return parameters.size === 0 ? '' : `?${parameters}`
}

/** Those of the named parameters that are non-empty texts. */
export function textsIn<K extends string>(search: Parameters, ...names: readonly K[]): { [name in K]?: string } {
  const found: { [name in K]?: string } = {}
  for (const name of names) {
    const value = search[name]
    if (typeof value === 'string' && value !== '') found[name] = value
  }
  return found
}

/** A parameter, if it has one of the allowed values. */
export function choiceIn<K extends string, T extends string>(
  search: Parameters,
  name: K,
  allowed: readonly T[],
): { [name in K]?: T } {
  const found = allowed.find((each) => each === search[name])
  return found === undefined ? {} : ({ [name]: found } as { [name in K]?: T })
}

/** A parameter that may be repeated, as a list. */
export function listIn<K extends string>(search: Parameters, name: K): { [name in K]?: string[] } {
  const texts = [search[name]].flat().filter((each) => typeof each === 'string' && each !== '')
  return texts.length === 0 ? {} : ({ [name]: texts } as { [name in K]?: string[] })
}
