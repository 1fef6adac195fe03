/** Escapes control characters in JSON output, so that none reaches a terminal. */

// Allowed unescaped in JSON, but terminals may act on them: controls from U+007F on, line separators, bidi controls.
const CONTROL_CHARACTERS = /[\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g

/** JSON with every control character escaped. */
export function escapeJsonControls(json: string): string {
  return json.replace(CONTROL_CHARACTERS, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
  })
}
