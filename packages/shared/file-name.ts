/** Valid file names, and how a file is renamed if its name is in use. Invalid names are refused, never corrected. */

/** The longest name, in bytes of UTF-8; leaves room for the endings that both machines append. */
export const FILE_NAME_BYTES_MAX = 200

// \p{M}: many scripts need combining marks, and macOS writes "é" as a letter and a mark.
const ALLOWED = /^[\p{L}\p{M}\p{N} ._\-()'+,@&=]+$/u
const WINDOWS_DEVICE = /^(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])[ ]*(\.|$)/i

/** Why a name is invalid, as the rest of a sentence that starts with the name; `undefined` if it is valid. */
export function faultOfFileName(name: string, ending: string = '.jsonl'): string | undefined {
  if (`${name}.gz`.endsWith(ending))
    return `does not end in ${ending}: sent this way, a file is compressed by gzip first`
  if (!name.endsWith(ending)) return `does not end in ${ending}`
  if (name.length === ending.length) return `has nothing before ${ending}`
  if (Buffer.byteLength(name) > FILE_NAME_BYTES_MAX) return `is longer than ${FILE_NAME_BYTES_MAX} bytes`
  if (name.startsWith('.')) return 'starts with a dot'
  if (!name.isWellFormed() || !ALLOWED.test(name))
    return "has a character other than letters, digits, space and ._-()'+,@&="
  if (WINDOWS_DEVICE.test(name)) return 'is the name of a device on Windows'
  return undefined
}

/** The names to try for a file in a folder, in order: its own, then with more and more digits of its SHA-256. */
export function* candidateNames(name: string, sha256: string): Generator<string> {
  yield name
  // Not all 64 digits: with all endings, a name must stay within the 255 bytes that file systems allow.
  for (const digits of [8, 16, 32]) yield nameWithSuffix(name, sha256.slice(0, digits))
}

/** `<stem>-<suffix>.jsonl`; the stem is cut if the name would exceed `FILE_NAME_BYTES_MAX`. */
export function nameWithSuffix(name: string, suffix: string): string {
  const ending = `-${suffix}.jsonl`
  const characters = [...stemOf(name)]
  while (Buffer.byteLength(characters.join('')) > FILE_NAME_BYTES_MAX - ending.length) characters.pop()
  return characters.join('') + ending
}

/** The name without `.jsonl`. */
export function stemOf(name: string): string {
  return name.replace(/\.jsonl$/, '')
}
