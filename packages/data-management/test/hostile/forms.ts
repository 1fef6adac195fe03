/** Forms that are more, less or other than one file. */
import { gzipSync } from 'node:zlib'
import { GZIP } from './contents.ts'
import { formOf, type HostileCase } from './hostile-case.ts'

const KIB = 1024
const NAMED = 'name="file"; filename="x.jsonl.gz"'
const END = '--b--\r\n'

function part(disposition: string, content: string | Buffer = GZIP, more = ''): Buffer {
  const head = `--b\r\n${disposition === '' ? '' : `Content-Disposition: form-data; ${disposition}\r\n`}${more}\r\n`
  return Buffer.concat([Buffer.from(head), Buffer.from(content), Buffer.from('\r\n')])
}

function all(...parts: readonly (string | Buffer)[]): Buffer {
  return Buffer.concat(parts.map((each) => Buffer.from(each)))
}

function refused(what: string, code: string, body: string | Buffer, type = ''): HostileCase {
  const bytes = type === '' ? formOf(body) : formOf(body, { 'Content-Type': type })
  return { what: `a form ${what}`, bytes, statuses: [400], code }
}

export const FORMS: readonly HostileCase[] = [
  refused('without a boundary', 'form_invalid', all(part(NAMED), END), 'multipart/form-data'),
  refused('with an empty boundary', 'form_invalid', all(part(NAMED), END), 'multipart/form-data; boundary='),
  refused('with another boundary', 'form_invalid', all(part(NAMED), END), 'multipart/form-data; boundary=c'),
  refused(
    'with a boundary of ten thousand characters',
    'form_invalid',
    '',
    `multipart/form-data; boundary=${'b'.repeat(10_000)}`,
  ),
  refused('without a byte', 'file_missing', ''),
  refused('with nothing but its end', 'file_missing', END),
  refused('without its end', 'body_damaged', part(NAMED)),
  refused('that ends in its file', 'body_damaged', part(NAMED).subarray(0, -20)),
  refused('that ends in a head', 'form_invalid', `--b\r\nContent-Disposition: form-data; ${NAMED}`),
  refused('with two files', 'form_invalid', all(part(NAMED), part('name="file"; filename="y.jsonl.gz"'), END)),
  refused('with a thousand files', 'form_invalid', all(...Array(1_000).fill(part(NAMED)), END)),
  refused('with a field before its file', 'form_invalid', all(part('name="a"', 'b'), part(NAMED), END)),
  refused('with a field behind its file', 'form_invalid', all(part(NAMED), part('name="a"', 'b'), END)),
  refused('with a field of 2 MiB', 'form_invalid', all(part('name="a"', 'x'.repeat(2 * KIB * KIB)), END)),
  refused("with a field of a file's name", 'form_invalid', all(part('name="file"'), END)),
  refused('with a file of another name', 'form_invalid', all(part('name="upload"; filename="x.jsonl.gz"'), END)),
  refused('with a file named __proto__', 'form_invalid', all(part('name="__proto__"; filename="x.jsonl.gz"'), END)),
  refused('with a file named constructor', 'form_invalid', all(part('name="constructor"; filename="x.jsonl.gz"'), END)),
  refused('with a file without a name of its part', 'form_invalid', all(part('filename="x.jsonl.gz"'), END)),
  refused('with a part without a head', 'file_missing', all(part(''), END)),
  refused(
    'with a part of a thousand fields',
    'form_invalid',
    all(part('name="a"', 'b', 'A: b\r\n'.repeat(1_000)), END),
  ),
  refused(
    'with a part whose head is 64 KiB',
    'file_missing',
    all(part('', GZIP, `A: ${'b'.repeat(64 * KIB)}\r\n`), END),
  ),
  refused(
    'with a file name of 64 KiB',
    'file_name_invalid',
    all(part(`name="file"; filename="${'x'.repeat(64 * KIB)}.jsonl.gz"`), END),
  ),
  refused('with 512 KiB before its file', 'form_invalid', all(`${'x'.repeat(512 * KIB)}\r\n`, part(NAMED), END)),
  refused('with 512 KiB behind its file', 'form_invalid', all(part(NAMED), END, 'x'.repeat(512 * KIB))),
  refused(
    'in a form',
    'form_invalid',
    all(part('name="a"', 'b', 'Content-Type: multipart/mixed; boundary=c\r\n'), END),
  ),
  refused('with an empty file', 'body_empty', all(part(NAMED, ''), END)),
  refused('with a file that is not gzip', 'body_damaged', all(part(NAMED, 'x'.repeat(999)), END)),
  refused('with a file in base64', 'body_damaged', all(part(NAMED, GZIP.toString('base64')), END)),
  {
    what: 'a form with a bomb',
    bytes: formOf(all(part(NAMED, gzipSync(Buffer.alloc(32 * KIB * KIB))), END)),
    statuses: [413],
  },
  {
    what: 'a form with a little before and behind its file',
    bytes: formOf(all('before\r\n', part(NAMED), END, 'behind')),
    statuses: [201],
    kept: ['x.jsonl'],
  },
  {
    what: 'a form with fields for its file',
    bytes: formOf(all(part(NAMED, GZIP, 'Content-Type: text/html\r\nA: b\r\n'), END)),
    statuses: [201],
    kept: ['x.jsonl'],
  },
]
