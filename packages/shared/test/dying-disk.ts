/** A disk whose program dies: it does nothing more from some step on. */
import { type Disk, realDisk } from '@splitcart/shared/disk.ts'

/** The real disk for so many calls. */
export function dyingAt(steps: number): Disk {
  let left = steps
  return new Proxy(realDisk(), {
    get: (target, name: keyof Disk) => {
      const method = target[name] as unknown
      if (typeof method !== 'function') return method
      return async (...given: unknown[]) => {
        if (left-- <= 0) throw new Error('the program died here')
        return method.apply(target, given)
      }
    },
  })
}
