/** Converts shops' texts with HTML markup into plain lines, which are never rendered as markup; unknown tags stay. */

// Tags that start a new line, list items, and tags that are dropped; `<5 g` and `<3` are no tags.
const BREAK_TAGS = /<br\s*\/?\s*>|<\/?(?:p|div|ul|ol|h[1-6]|hr|table|tbody|tr|section)(?:\s[^<>]*)?\/?>/giu
const ITEM_TAGS = /<li(?:\s[^<>]*)?>/giu
const DROPPED_TAGS = /<\/?(?:li|td|th|strong|b|em|i|u|s|span|small|sup|sub|font|a)(?:\s[^<>]*)?\/?>/giu

const ENTITY = /&(?:#(\d{1,7})|#x([\da-f]{1,6})|([a-z]{2,8}));/giu
const CHARACTERS: Readonly<Record<string, string>> = {
  ...{ amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: ' ', shy: '' },
  ...{ rsquo: '’', lsquo: '‘', rdquo: '”', ldquo: '“', sbquo: '‚', bdquo: '„', laquo: '«', raquo: '»' },
  ...{ ndash: '–', mdash: '—', hellip: '…', bull: '•', middot: '·', times: '×', deg: '°', frac12: '½', frac14: '¼' },
  ...{ trade: '™', reg: '®', copy: '©', pound: '£', euro: '€', cent: '¢', micro: 'µ', plusmn: '±' },
  ...{ agrave: 'à', aacute: 'á', acirc: 'â', atilde: 'ã', auml: 'ä', aring: 'å', aelig: 'æ', ccedil: 'ç' },
  ...{ egrave: 'è', eacute: 'é', ecirc: 'ê', euml: 'ë', igrave: 'ì', iacute: 'í', icirc: 'î', iuml: 'ï' },
  ...{ ntilde: 'ñ', ograve: 'ò', oacute: 'ó', ocirc: 'ô', otilde: 'õ', ouml: 'ö', oslash: 'ø' },
  ...{ ugrave: 'ù', uacute: 'ú', ucirc: 'û', uuml: 'ü', yacute: 'ý', szlig: 'ß' },
}

/** The lines of a text, never two empty ones in a row. Entities are decoded once: `&amp;lt;` becomes `&lt;`. */
export function linesWithoutMarkup(text: string): string[] {
  const lines = text
    .replace(BREAK_TAGS, '\n')
    .replace(ITEM_TAGS, '\n• ')
    .replace(DROPPED_TAGS, '')
    .split(/\r?\n|\r/u)
    .map((line) => line.replace(ENTITY, characterOf).trim())
  const shown = lines.filter((line, index) => line !== '' || lines[index - 1] !== '')
  return shown.slice(shown[0] === '' ? 1 : 0, shown.at(-1) === '' ? -1 : undefined)
}

function characterOf(written: string, decimal?: string, hex?: string, name?: string): string {
  if (name !== undefined) return CHARACTERS[name] ?? CHARACTERS[name.toLowerCase()] ?? written
  const code = decimal === undefined ? Number.parseInt(hex!, 16) : Number(decimal)
  return code > 0 && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff) ? String.fromCodePoint(code) : written
}
