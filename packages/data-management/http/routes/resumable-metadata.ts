/** Reads the metadata of a tus upload: file name, encoding, digest, kind and dictionary. */
import { PRODUCTS } from '@splitcart/shared/kinds.ts'
import { Problem } from '@splitcart/shared/problem.ts'
import type { IncomingFile } from '../../inbox/accept.ts'
import { checkedFileName, encodingOf } from './upload.ts'

/** Parses metadata; throws if a field is invalid. The default kind is products, the encoding that of the file name. */
export function parseMetadata(metadata: Readonly<Record<string, string | null>> | undefined) {
  const { filename, encoding, sha256, kind, dictionary } = metadata ?? {}
  if (!filename) throw new Problem('file_name_missing', 'the metadata have no filename')
  if (typeof sha256 === 'string' && !/^[0-9a-f]{64}$/i.test(sha256))
    throw new Problem('digest_invalid', 'the metadata sha256 are 64 hexadecimal digits')
  if (encoding === 'dcz' && typeof sha256 !== 'string')
    throw new Problem('digest_missing', 'the metadata have no sha256')
  const described: Pick<IncomingFile, 'kind' | 'filename' | 'encoding' | 'sha256'> & {
    dictionarySha256: string | undefined
  } = {
    kind: kind ?? PRODUCTS,
    filename: checkedFileName(filename, '.jsonl'),
    encoding: encodingOf(encoding ?? (filename.endsWith('.gz') ? 'gzip' : undefined)),
    sha256: sha256?.toLowerCase(),
    dictionarySha256: encoding === 'dcz' ? dictionary?.toLowerCase() : undefined,
  }
  return described
}
