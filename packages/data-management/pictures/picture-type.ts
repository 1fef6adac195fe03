/** Detects the type of a picture by its first bytes. SVG is not among the types: it can contain scripts. */

export type PictureType = 'image/jpeg' | 'image/png' | 'image/gif' | 'image/webp' | 'image/avif'

/** The media type of a picture; undefined: none of the supported types. */
export function pictureTypeOf(bytes: Buffer): PictureType | undefined {
  const at = (from: number, to: number) => bytes.toString('latin1', from, to)
  if (at(0, 3) === '\xff\xd8\xff') return 'image/jpeg'
  if (at(0, 8) === '\x89PNG\r\n\x1a\n') return 'image/png'
  if (at(0, 6) === 'GIF87a' || at(0, 6) === 'GIF89a') return 'image/gif'
  if (at(0, 4) === 'RIFF' && at(8, 12) === 'WEBP') return 'image/webp'
  return at(4, 8) === 'ftyp' && /avi[fs]/.test(at(8, 32)) ? 'image/avif' : undefined
}
