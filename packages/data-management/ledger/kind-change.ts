/** Whether bytes that are on record may come as a file of another kind. Pure. */
import type { Upload } from './uploads.ts'

/** Bytes of which nothing could be made as one kind may have been meant for another one: then they are a new delivery. */
export function mayChangeKind({ kind, state }: Pick<Upload, 'kind' | 'state'>, sentAs: string): boolean {
  return kind !== sentAs && state === 'failed'
}
