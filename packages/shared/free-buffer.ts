/** Frees the memory of large buffers, instead of leaving it to the garbage collector. */

/**
 * Frees the memory of a buffer that reaches to the end of an allocation of `bytes` bytes; leaves any other, such as one
 * of a pool, as it is. Nothing may use the buffer afterwards. V8 marks its whole heap for each 30 MiB or so of garbage
 * buffers: a third of the time of accepting a file, and 50 MiB of memory (bench/README.md).
 */
export function freeBuffer({ buffer, byteOffset, byteLength }: Buffer, bytes = byteLength): void {
  if (buffer.byteLength === bytes && byteOffset + byteLength === bytes) (buffer as ArrayBuffer).transfer(0)
}
