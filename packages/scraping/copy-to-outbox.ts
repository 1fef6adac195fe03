/** Copies an archived file, packed or not, back to the outbox. */
import { join } from 'node:path'
import { codeOf, type Disk } from '@splitcart/shared/disk.ts'
import { publish } from '@splitcart/shared/durable-file.ts'
import { candidateNames } from '@splitcart/shared/file-name.ts'
import { writeVerifiedPart } from '@splitcart/shared/packed/checked-part.ts'
import { isUnreadable } from '@splitcart/shared/packed/damage.ts'
import { findKept, keptContent } from '@splitcart/shared/packed/kept-file.ts'
import type { Folders } from './folders.ts'

/** Copies a file as it was sent; false if the archive does not have its bytes intact. */
export async function copyToOutbox(
  disk: Disk,
  { archive, outbox }: Folders,
  { name, sha256 }: Readonly<{ name: string; sha256: string }>,
): Promise<boolean> {
  const path = await findKept(disk, archive, name)
  const part = join(outbox, `.${sha256}.part`)
  try {
    if (path === undefined) return false
    await writeVerifiedPart(disk, keptContent(disk, path), { part, isRight: (found) => found === sha256 })
  } catch (error) {
    if (!isUnreadable(error) && codeOf(error) !== 'ENOENT') throw error
    return false
  }
  await publish(disk, part, outbox, candidateNames(name, sha256))
  return true
}
