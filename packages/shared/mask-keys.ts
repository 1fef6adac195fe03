/** Masks API keys in texts that are shown, so that no screen, log or report reveals one. */

// A key as the server makes it, also one that was cut off; not a folder or a database that is named after the program.
const KEY_PATTERN = /splitcart_(?:[0-9A-Za-z]{10}_[0-9A-Za-z]{12,}|[0-9A-Za-z]{20,})/g
// A key of any other form, in a text that names it, such as two settings in one.
const NAMED_KEY_PATTERN = /(API_SECRET_KEY\s*=\s*["'\\]*)[^\s"'\\]+/g

/** A text with every key in it made unreadable. */
export function maskKeys(text: string): string {
  return text.replace(KEY_PATTERN, 'splitcart_…').replace(NAMED_KEY_PATTERN, '$1…')
}
