/** What senders send: files whole and in pieces, and how they are. */
import { gzipSync } from 'node:zlib'
import { rowsText, sha256Of } from '../../packages/data-management/test/receiver.ts'
import { open, patch } from '../../packages/data-management/test/resumable-requests.ts'
import { type Asked, asked, type Exchange, sends, type There } from './asked.ts'

const ROWS = 2_000
const TUS = '/api/upload/resumable/'
const OF_TUS = { 'Tus-Resumable': '1.0.0' }

/** All of it. */
export const UPLOADS: readonly Asked[] = [
  asked('POST /api/upload/', (there) => upload('/api/upload/', 1, there)),
  asked('POST /api/upload/{kind}/', (there) => upload('/api/upload/products/', 100, there)),
  asked('OPTIONS /api/upload/', '/api/upload/'),
  asked('OPTIONS /api/upload/{kind}/', '/api/upload/products/'),
  asked(`POST ${TUS}`, ({ tries }) => {
    const { length, metadata } = contentOf(200 + tries)
    const named = Object.entries(metadata).map(([name, value]) => `${name} ${Buffer.from(value).toString('base64')}`)
    return { path: TUS, headers: { ...OF_TUS, 'Upload-Length': String(length), 'Upload-Metadata': named.join(',') } }
  }),
  asked(`HEAD ${TUS}{id}`, async (there) => ({ path: await opened(there, 300), headers: OF_TUS })),
  asked(`PATCH ${TUS}{id}`, async (there) => {
    const path = await opened(there, 400)
    const { headers = {}, body } = patch(path, 0, contentOf(400 + there.tries).bytes)
    return { path, headers: { ...OF_TUS, ...headers }, bytes: body! }
  }),
  asked(`DELETE ${TUS}{id}`, async (there) => ({ path: await opened(there, 500), headers: OF_TUS })),
  asked(`OPTIONS ${TUS}`, TUS),
  asked(`OPTIONS ${TUS}{id}`, async (there) => ({ path: await opened(there, 600) })),
  sends(
    'POST /api/heartbeat',
    () => '/api/heartbeat',
    () => {
      const waits = { waiting_files: 1, waiting_bytes: 1, refused_files: 0 }
      return { version: '1.0.0', platform: 'linux', arch: 'x64', ...waits, sent_at: new Date().toISOString() }
    },
  ),
]

function upload(path: string, price: number, { tries }: There): Exchange {
  const headers = {
    'Content-Type': 'application/gzip',
    'Content-Disposition': 'attachment; filename="costs.jsonl.gz"',
  }
  return { path, headers, bytes: contentOf(price + tries).bytes }
}

function contentOf(price: number) {
  const text = rowsText(ROWS, price)
  const bytes = new Uint8Array(gzipSync(text))
  const metadata = { filename: `costs-${price}.jsonl.gz`, encoding: 'gzip', sha256: sha256Of(text) }
  return { bytes, length: bytes.length, metadata }
}

function opened(there: There, price: number): Promise<string> {
  const { metadata, length } = contentOf(price + there.tries)
  return open(there, metadata, length)
}
