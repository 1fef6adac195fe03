/** A content that is written whole, and only when it is the right one. */
import { type Digest, Digester } from '../digest.ts'
import type { Disk } from '../disk.ts'
import { removeIfThere, writePart } from '../durable-file.ts'
import { DamagedFile } from './damage.ts'

/** A part to be written, and whether a content with a SHA-256 is the right one. */
export type CheckedPart = Readonly<{ part: string; isRight: (sha256: string) => boolean | Promise<boolean> }>

/** Writes a durable part. Throws a `DamagedFile`, and leaves none, where the content is another one. */
export async function writeChecked(
  disk: Disk,
  content: AsyncIterable<Uint8Array>,
  { part, isRight }: CheckedPart,
): Promise<Digest> {
  await removeIfThere(disk, part)
  return await writePart(disk, part, async (target) => {
    const digester = new Digester()
    for await (const portion of content) {
      digester.add(portion)
      await target.appendFile(portion)
    }
    const digest = digester.digest()
    if (!(await isRight(digest.sha256))) throw new DamagedFile(`${part} has the SHA-256 ${digest.sha256}`)
    return digest
  })
}
