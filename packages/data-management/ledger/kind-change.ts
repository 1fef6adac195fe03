/** Whether bytes that are on record may come as a file of another kind. Pure. */
import type { Upload } from './uploads.ts'

/** Bytes that failed to load as one kind may be sent again as another kind: that is a new delivery. */
export function mayChangeKind({ kind, state }: Pick<Upload, 'kind' | 'state'>, sentAs: string): boolean {
  return kind !== sentAs && state === 'failed'
}
