/** A real disk whose n-th call fails, as a full or broken one does. */
import type { FileHandle } from 'node:fs/promises'
import { type Disk, realDisk } from '../disk.ts'

/** `calls` is how many were made; the one that failed is among them. */
export type FailingDisk = Disk & Readonly<{ calls: () => number }>

type Call = (...given: unknown[]) => Promise<unknown>

/**
 * Fails call number `failing` (from 1) on the disk or an open file with `code`; all others work. Where it `stays`, so do all that follow:
 * what has been done until then is what a process leaves that is killed.
 */
export function failingDisk(failing: number, code: string, { stays = false } = {}): FailingDisk {
  let calls = 0
  const isDue = () => ++calls === failing || (stays && calls > failing)
  const fail = () => {
    throw Object.assign(new Error(`${code}: call ${failing}`), { code })
  }
  const real = realDisk()
  const guarded =
    (name: keyof Disk) =>
    async (...given: unknown[]) => {
      if (isDue()) fail()
      const result = await (real[name] as Call)(...given)
      return name === 'open' ? failingFile(result as FileHandle, isDue, fail) : result
    }
  const names = ['open', 'link', 'unlink', 'rename', 'mkdir', 'readdir', 'lstat', 'statfs'] as const
  const disk = Object.fromEntries(names.map((name) => [name, guarded(name)]))
  return { ...(disk as unknown as Disk), calls: () => calls }
}

/** A real disk that gives nothing of some files. */
export function refusingDisk(refuses: (path: string) => boolean, code: string): Disk {
  const real = realDisk()
  return {
    ...real,
    open: async (path, ...how) => {
      if (refuses(String(path))) throw Object.assign(new Error(`${code}: ${path}`), { code, syscall: 'open' })
      return await real.open(path, ...how)
    },
  }
}

function failingFile(file: FileHandle, isDue: () => boolean, fail: () => void): FileHandle {
  const instead: Readonly<Record<string, Call>> = {
    appendFile: async (text) => {
      // A full disk takes a part of it.
      if (isDue()) await file.appendFile(String(text).slice(0, 3)).then(fail)
      return file.appendFile(text as string)
    },
    close: async () => {
      // A close that fails has closed all the same.
      const due = isDue()
      await file.close()
      if (due) fail()
    },
  }
  return new Proxy(file, {
    get: (target, name) => {
      const method = instead[String(name)]
      if (method !== undefined) return method
      const value = Reflect.get(target, name)
      if (typeof value !== 'function') return value
      return async (...given: unknown[]) => {
        if (isDue()) fail()
        return Reflect.apply(value, target, given)
      }
    },
  })
}
