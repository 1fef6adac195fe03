/** Requests of tus that are wrong, or reach for what belongs to others. */
import { type HostileCase, requestOf } from './hostile-case.ts'

const PATH = '/api/upload/resumable/'
const TUS = { 'Tus-Resumable': '1.0.0' }
const NAME = `filename ${Buffer.from('x.jsonl').toString('base64')}`
const PIECE = { ...TUS, 'Content-Type': 'application/offset+octet-stream', 'Upload-Offset': '0', 'Content-Length': '1' }
const NOBODYS = `${PATH}0199d5a2-0000-7000-8000-000000000000`

type Fields = Readonly<Record<string, string>>

function opened(what: string, fields: Fields, status: number, code: string): HostileCase {
  const all = { ...TUS, 'Upload-Length': '10', 'Upload-Metadata': NAME, ...fields }
  return { what: `an upload in pieces ${what}`, bytes: requestOf(`POST ${PATH}`, all), statuses: [status], code }
}

function other(what: string, line: string, fields: Fields, [status, code]: [number, string]): HostileCase {
  const body = fields['Content-Length'] === undefined ? '' : 'x'
  return { what: `a piece ${what}`, bytes: requestOf(line, fields, body), statuses: [status], code }
}

function metadata(name: string, more = ''): Fields {
  return { 'Upload-Metadata': `filename ${Buffer.from(name).toString('base64')}${more}` }
}

export const RESUMABLES: readonly HostileCase[] = [
  opened('of another version', { 'Tus-Resumable': '0.2.2' }, 412, 'protocol_version_unsupported'),
  opened('without a length', { 'Upload-Length': '' }, 400, 'request_invalid'),
  opened('of a negative length', { 'Upload-Length': '-1' }, 400, 'request_invalid'),
  opened('of a length that is no number', { 'Upload-Length': '1e9' }, 400, 'request_invalid'),
  opened('that is too large', { 'Upload-Length': '4194305' }, 413, 'body_too_large'),
  opened('that is larger than any', { 'Upload-Length': '9'.repeat(30) }, 400, 'request_invalid'),
  opened('without a name', { 'Upload-Metadata': '' }, 400, 'file_name_missing'),
  opened('with a way up', metadata('../x.jsonl'), 400, 'file_name_invalid'),
  opened('with a NUL in its name', metadata('x\0.jsonl'), 400, 'file_name_invalid'),
  opened('with broken metadata', { 'Upload-Metadata': 'filename ***' }, 400, 'request_invalid'),
  opened(
    'with an unknown encoding',
    metadata('x.jsonl', `,encoding ${Buffer.from('br').toString('base64')}`),
    415,
    'encoding_unsupported',
  ),
  opened(
    'with a digest that is none',
    metadata('x.jsonl', `,sha256 ${Buffer.from('abc').toString('base64')}`),
    400,
    'digest_invalid',
  ),
  opened('put together from others', { 'Upload-Concat': 'final;/a /b' }, 400, 'request_invalid'),
  other('of an upload that does not exist', `PATCH ${NOBODYS}`, PIECE, [404, 'not_found']),
  other('of an upload with a way up', `PATCH ${PATH}..%2f..%2fledger.db`, PIECE, [404, 'not_found']),
  other('without the media type', `PATCH ${NOBODYS}`, { ...PIECE, 'Content-Type': 'text/plain' }, [
    415,
    'media_type_unsupported',
  ]),
  other('that removes what is not there', `DELETE ${NOBODYS}`, TUS, [404, 'not_found']),
  other('that removes a folder', `DELETE ${PATH}..`, TUS, [404, 'not_found']),
  other('that is a PATCH in disguise', `POST ${PATH}`, { ...PIECE, 'X-HTTP-Method-Override': 'PATCH' }, [
    400,
    'request_invalid',
  ]),
]
