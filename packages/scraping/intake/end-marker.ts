/** The end marker: a last line by which a producer confirms that its output is complete. Removed from the input. */
import { Problem } from '@splitcart/shared/problem.ts'

/** Yields the input without the marker. Throws `scrape_incomplete` at its end if the last line is not the marker. */
export async function* untilMarker(chunks: AsyncIterable<Buffer>, marker: string): AsyncGenerator<Buffer> {
  const text = Buffer.from(marker)
  // Bytes held back: the marker with its line ends, and a few blank lines after it.
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
