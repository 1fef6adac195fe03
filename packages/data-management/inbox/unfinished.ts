/**
 * Unfinished uploads, kept so that a sender can go on where it was cut off.
 *
 *   product_inbox/.resumable/<key id>/<upload id>        the bytes that came so far: their number is the offset
 *                                     <upload id>.json   its note: length, metadata, and once it is accepted its receipt
 *
 * Invariants:
 *  1. An upload lies in the folder of the key that opened it, and is looked for in no other.
 *  2. No name comes from outside: ids are made here, and a key's id has letters and digits only.
 *  3. What all of them may become in the end was room for when they were opened.
 *
 * The bytes are not synced: what a power cut takes is sent again, and what it damages the digest finds.
 */
import { dirname, join } from 'node:path'
import { codeOf, type Disk, openToRead } from '@splitcart/shared/disk.ts'
import { openPart, removeIfThere, replace } from '@splitcart/shared/durable-file.ts'
import { makeFolder } from '@splitcart/shared/make-folder.ts'
import { Problem } from '@splitcart/shared/problem.ts'
import { FileStore } from '@tus/file-store'
import { Upload } from '@tus/server'
import { v7 as uuid } from 'uuid'
import { UploadLocks } from './upload-locks.ts'

/** How much is kept: uploads and bytes of one key, bytes of all keys, and for how long. */
export type UnfinishedLimits = Readonly<{ countMax: number; keyBytesMax: number; bytesMax: number; ageMsMax: number }>

/** What is known of an upload. `acceptedAs`: the id of its receipt; its bytes are gone then. */
export type Note = Pick<Upload, 'id' | 'size' | 'metadata' | 'creation_date'> & { acceptedAs?: string }

type Settings = Readonly<{ disk: Disk; folder: string; limits: UnfinishedLimits; now: () => number }>

const NOTE_ENDING = '.json'

/** The unfinished uploads of all keys. Only one server works on a folder, so their notes are read once and then held in memory. */
export class UnfinishedUploads extends FileStore {
  readonly locks = new UploadLocks()
  readonly #settings: Settings
  readonly #notes: Map<string, Note>

  /** Reads what an earlier server left, and removes what is too old or of no use. */
  static async open(settings: Settings): Promise<UnfinishedUploads> {
    const notes = new Map<string, Note>()
    for (const keyId of await namesIn(settings.disk, settings.folder)) await readFolder(settings, keyId, notes)
    const uploads = new UnfinishedUploads(settings, notes)
    await uploads.removeExpired()
    return uploads
  }

  private constructor(settings: Settings, notes: Map<string, Note>) {
    const { folder, limits } = settings
    const configstore = {
      get: async (id: string) => notes.get(id) as Upload | undefined,
      set: async () => {
        throw new Error('the length of an upload is known when it is opened')
      },
      delete: async () => {},
    }
    super({ directory: folder, configstore, expirationPeriodInMilliseconds: limits.ageMsMax })
    this.extensions = ['creation', 'creation-with-upload', 'termination', 'expiration']
    this.#settings = settings
    this.#notes = notes
  }

  /** An id for a new upload of a key. */
  static newId(keyId: string): string {
    return UnfinishedUploads.idOf(keyId, uuid())
  }

  /** The id of an upload within all uploads. */
  static idOf(keyId: string, uploadId: string): string {
    return `${keyId}/${uploadId}`
  }

  note(id: string): Note | undefined {
    return this.#notes.get(id)
  }

  path(id: string): string {
    return join(this.#settings.folder, id)
  }

  override async create(upload: Upload): Promise<Upload> {
    const { id, size, metadata, creation_date } = upload
    const { disk } = this.#settings
    this.#checkLimits(id, size ?? 0)
    // From here on it counts, also while its files are being made.
    this.#notes.set(id, { id, size, metadata, creation_date })
    try {
      await makeFolder(disk, dirname(this.path(id)))
      await (await openPart(disk, this.path(id))).close()
      await this.#write(this.#notes.get(id)!)
    } catch (error) {
      await this.remove(id)
      throw error
    }
    return upload
  }

  override async getUpload(id: string): Promise<Upload> {
    const note = this.#notes.get(id)
    if (note?.acceptedAs === undefined) return super.getUpload(id)
    return new Upload({ ...note, offset: note.size ?? 0 } as ConstructorParameters<typeof Upload>[0])
  }

  override async remove(id: string): Promise<void> {
    const { disk } = this.#settings
    await removeIfThere(disk, this.path(id) + NOTE_ENDING)
    await removeIfThere(disk, this.path(id))
    this.#notes.delete(id)
  }

  /** Keeps of an upload only that it was accepted: its sender may not have heard it. */
  async settle(id: string, acceptedAs: string): Promise<void> {
    const note = { ...this.#notes.get(id)!, acceptedAs }
    await this.#write(note)
    this.#notes.set(id, note)
    await removeIfThere(this.#settings.disk, this.path(id))
  }

  /** Removes what is older than the limit and returns the ids. */
  async removeExpired(): Promise<string[]> {
    const { limits, now } = this.#settings
    const expired = [...this.#notes.values()]
      .filter(({ id, creation_date }) => now() - Date.parse(creation_date!) > limits.ageMsMax && !this.locks.isHeld(id))
      .map(({ id }) => id)
    for (const id of expired) await this.remove(id)
    return expired
  }

  #write(note: Note): Promise<void> {
    return replace(this.#settings.disk, this.path(note.id) + NOTE_ENDING, `${JSON.stringify(note)}\n`)
  }

  #checkLimits(id: string, size: number): void {
    const { countMax, keyBytesMax, bytesMax } = this.#settings.limits
    const open = [...this.#notes.values()].filter(({ acceptedAs }) => acceptedAs === undefined)
    const own = open.filter((note) => dirname(note.id) === dirname(id))
    if (own.length >= countMax) throw new Problem('resumable_full', `this key has ${countMax} unfinished uploads`)
    if (bytesOf(own) + size > keyBytesMax)
      throw new Problem('resumable_full', `the unfinished uploads of a key may have ${keyBytesMax} bytes together`)
    if (bytesOf(open) + size > bytesMax)
      throw new Problem('resumable_full', `all unfinished uploads may have ${bytesMax} bytes together`)
  }
}

function bytesOf(notes: readonly Note[]): number {
  return notes.reduce((sum, { size }) => sum + (size ?? 0), 0)
}

/** Reads the notes of one key. What has no note, and a note whose bytes are gone, is of no use to anybody. */
async function readFolder({ disk, folder }: Settings, keyId: string, notes: Map<string, Note>): Promise<void> {
  const names = await namesIn(disk, join(folder, keyId))
  const kept = new Set<string>()
  for (const name of names.filter((each) => each.endsWith(NOTE_ENDING))) {
    const uploadId = name.slice(0, -NOTE_ENDING.length)
    const note = await readNote(disk, join(folder, keyId, name))
    if (note === undefined || (note.acceptedAs === undefined && !names.includes(uploadId))) continue
    const id = UnfinishedUploads.idOf(keyId, uploadId)
    notes.set(id, { ...note, id })
    kept.add(name)
    if (note.acceptedAs === undefined) kept.add(uploadId)
  }
  for (const name of names) if (!kept.has(name)) await removeIfThere(disk, join(folder, keyId, name))
}

async function readNote(disk: Disk, path: string): Promise<Note | undefined> {
  const file = await openToRead(disk, path)
  try {
    const note: unknown = JSON.parse(await file.readFile('utf8'))
    return isNote(note) ? note : undefined
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  } finally {
    await file.close()
  }
}

function isNote(value: unknown): value is Note {
  const { size, creation_date } = (value ?? {}) as Partial<Note>
  return Number.isSafeInteger(size) && !Number.isNaN(Date.parse(creation_date ?? ''))
}

async function namesIn(disk: Disk, folder: string): Promise<string[]> {
  try {
    return await disk.readdir(folder)
  } catch (error) {
    if (codeOf(error) === 'ENOTDIR') return []
    throw error
  }
}
