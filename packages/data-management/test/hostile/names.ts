/** File names that lead elsewhere, hide something, or mean something to a machine on the way. */
import { GZIP } from './contents.ts'
import { type HostileCase, uploadOf } from './hostile-case.ts'

const BAD: Readonly<Record<string, string>> = {
  'a way up': '../x.jsonl.gz',
  'many ways up': `${'../'.repeat(20)}etc/cron.d/x.jsonl.gz`,
  'a way up on Windows': '..\\\\x.jsonl.gz',
  'an absolute path': '/tmp/x.jsonl.gz',
  'a drive': 'C:x.jsonl.gz',
  'a share of a network': '\\\\\\\\host\\\\x.jsonl.gz',
  'an address': 'file:///tmp/x.jsonl.gz',
  'a stream of NTFS': 'x.jsonl.gz:y.jsonl.gz',
  'a dot at its start': '.x.jsonl.gz',
  'dots alone': '...jsonl.gz',
  'no stem': '.jsonl.gz',
  'two hundred bytes too many': `${'x'.repeat(392)}.jsonl.gz`,
  'a device': 'NUL.jsonl.gz',
  'a device with a space': 'con .jsonl.gz',
  'another ending': 'x.sh',
  'an ending in capitals': 'x.JSONL.GZ',
  'a shell command': '$(reboot).jsonl.gz',
  'a pipe': 'x|reboot.jsonl.gz',
  'a wildcard': '*.jsonl.gz',
  HTML: '<script>.jsonl.gz',
  'a format': '%s%n.jsonl.gz',
  'an encoded slash': '..%2fx.jsonl.gz',
  'an option': '~root.jsonl.gz',
}

const ENCODED: Readonly<Record<string, string>> = {
  'a NUL': 'x%00.jsonl.gz',
  'a newline': 'x%0A.jsonl.gz',
  'an escape of a terminal': '%1B%5B2Jx.jsonl.gz',
  'a slash': 'a%2Fx.jsonl.gz',
  'a full-width slash': 'a%EF%BC%8Fx.jsonl.gz',
  'text that runs backwards': 'a%E2%80%AEgz.lnosj.jsonl.gz',
  'a space without width': 'a%E2%80%8Bx.jsonl.gz',
}

const FIELDS: Readonly<Record<string, string>> = {
  'no name at all': 'attachment',
  nothing: ';;;',
  'an unclosed quote': 'attachment; filename="x.jsonl.gz',
  'an overlong slash, encoded': "attachment; filename*=UTF-8''a%C0%AFx.jsonl.gz",
  'a lone surrogate, encoded': "attachment; filename*=UTF-8''a%ED%A0%80x.jsonl.gz",
  'a name in parts': 'attachment; filename*0="x"; filename*1=".jsonl.gz"',
}

function named(what: string, disposition: string, code: string): HostileCase {
  const bytes = uploadOf(GZIP, { 'Content-Disposition': disposition })
  return { what: `a name with ${what}`, bytes, statuses: [400], code }
}

export const NAMES: readonly HostileCase[] = [
  ...Object.entries(BAD).map(([what, name]) => named(what, `attachment; filename="${name}"`, 'file_name_invalid')),
  ...Object.entries(ENCODED).map(([what, name]) =>
    named(`${what}, encoded`, `attachment; filename*=UTF-8''${name}`, 'file_name_invalid'),
  ),
  {
    what: 'two names: the first counts',
    bytes: uploadOf(GZIP, { 'Content-Disposition': 'attachment; filename="x.jsonl.gz"; filename="../y.jsonl.gz"' }),
    statuses: [201],
    kept: ['x.jsonl'],
  },
  ...Object.entries(FIELDS).map(([what, field]) => named(what, field, 'file_name_missing')),
]
