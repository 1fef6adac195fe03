/** Writes content to a part, which is removed if its SHA-256 is not the expected one. */
import { type Digest, Digester } from '../digest.ts'
import type { Disk } from '../disk.ts'
import { removeIfThere, writePart } from '../durable-file.ts'
import { DamagedFile } from './damage.ts'

/** The path of a part, and whether a SHA-256 is that of the expected content. */
export type PartToVerify = Readonly<{ part: string; isRight: (sha256: string) => boolean | Promise<boolean> }>

/** Writes a durable part. Throws a `DamagedFile`, and leaves no part, if the SHA-256 is wrong. */
export async function writeVerifiedPart(
  disk: Disk,
  content: AsyncIterable<Uint8Array>,
  { part, isRight }: PartToVerify,
): Promise<Digest> {
  await removeIfThere(disk, part)
  return await writePart(disk, part, async (target) => {
    const digester = new Digester()
    for await (const chunk of content) {
      digester.add(chunk)
      await target.appendFile(chunk)
    }
    const digest = digester.digest()
    if (!(await isRight(digest.sha256))) throw new DamagedFile(`${part} has the SHA-256 ${digest.sha256}`)
    return digest
  })
}
