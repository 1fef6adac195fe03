/** The receipt of an upload on record. */
import type { LoadResult, Receipt, UploadState } from '@splitcart/shared/receipt.ts'
import type { Upload } from './uploads.ts'

/** What the server says about an upload. `duplicate`: in answer to bytes that it had already. */
export function receiptOf(upload: Upload, duplicate: boolean): Receipt {
  const { id, filename, sha256, bytes, lines } = upload
  return {
    id,
    filename,
    sha256,
    bytes,
    lines,
    state: upload.state as UploadState,
    received_at: new Date(upload.received_at).toISOString(),
    duplicate,
    message: `Successfully uploaded and decompressed '${filename}'`,
    load: upload.load === null ? null : (JSON.parse(upload.load) as LoadResult),
  }
}
