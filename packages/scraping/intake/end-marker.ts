/** The line with which a producer says that it has got through: taken out of what is read, and missed where it is not the last one. */
import { Problem } from '@splitcart/shared/problem.ts'

/** The chunks without the marker. Throws `scrape_incomplete` at the end of input where the last line is another one. */
export async function* untilMarker(chunks: AsyncIterable<Buffer>, marker: string): AsyncGenerator<Buffer> {
  const text = Buffer.from(marker)
  // As much as can be the marker with its line ends; blank lines behind it are few.
  const kept = text.length + 16
  let tail = Buffer.alloc(0)
  for await (const chunk of chunks) {
    const all = Buffer.concat([tail, chunk])
    const from = Math.max(0, all.length - kept)
    if (from > 0) yield all.subarray(0, from)
    tail = all.subarray(from)
  }
  const end = tail.toString('utf8').trimEnd()
  const before = end.slice(0, -marker.length)
  if (!end.endsWith(marker) || !(before === '' || before.endsWith('\n')))
    throw new Problem('scrape_incomplete', `the last line is not the end marker ${JSON.stringify(marker)}`)
  yield tail.subarray(0, Buffer.byteLength(before))
}
