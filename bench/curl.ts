/** curl, as all who send with it do. */

export const KEY = 'the-key-of-the-benchmarks'

/** It fails when it is refused, and prints how many bytes it has sent. */
export const CURL = ['-sS', '--fail', '-o', '/dev/null', '-w', '%{size_upload}']

/** How curl sends what it is given (a path, or `-`) to our receiver. */
export function curlToUs(url: string, packed: string, name: string): string[] {
  const headers = [
    `X-API-Key: ${KEY}`,
    'Content-Type: application/gzip',
    `Content-Disposition: attachment; filename="${name}.gz"`,
  ].flatMap((header) => ['-H', header])
  // Left to itself, curl appends the name of the file to a path that ends in a slash.
  return [...CURL, ...headers, '-X', 'POST', '--request-target', '/api/upload/', '-T', packed, url]
}
