/**
 * Unfinished uploads (tus), kept so that a sender can resume where its connection broke.
 *
 *   product_inbox/.resumable/<key id>/<upload id>        the bytes received so far; their number is the offset
 *                                     <upload id>.json   its record: length and metadata; once accepted, the receipt's id
 *
 * Invariants:
 *  1. An upload lies in the folder of the key that opened it and is looked up only there.
 *  2. No file name comes from a client: upload ids are made here, and a key's id has only letters and digits.
 *  3. While bytes of an upload arrive, its full size is reserved; an announced length alone reserves nothing
 *     (unfinished-space.ts).
 *  4. Of accepted uploads only an id and a receipt are kept, the newest of each key (finished.ts).
 *
 * The bytes are not synced: what a power cut removes is sent again, and what it damages is found by the
 * digest, if the sender named one.
 */
import { dirname, join } from 'node:path'
import { codeOf, type Disk, openToRead, undefinedIfMissing } from '@splitcart/shared/disk.ts'
import { openPart, removeIfThere, replace } from '@splitcart/shared/durable-file.ts'
import { makeFolder } from '@splitcart/shared/make-folder.ts'
import { FileStore } from '@tus/file-store'
import { Upload } from '@tus/server'
import { v7 as uuid } from 'uuid'
import { FINISHED_PER_KEY_MAX, FinishedUploads } from './finished.ts'
import { type UnfinishedLimits, UnfinishedSpace } from './unfinished-space.ts'
import { UploadLocks } from './upload-locks.ts'

/**
 * The record of an upload: `size` in bytes, `creation_date` in ISO 8601. `acceptedAs`: the id of its receipt, once it is
 * accepted; its bytes are gone then.
 */
export type UnfinishedRecord = Pick<Upload, 'id' | 'size' | 'creation_date'> & {
  metadata?: Upload['metadata'] | undefined
  acceptedAs?: string
}

type Settings = Readonly<{ disk: Disk; folder: string; limits: UnfinishedLimits; now: () => number }>

const RECORD_ENDING = '.json'
// In parallel, because a start waits for it and there may be thousands of old records.
const REMOVED_AT_ONCE = 64

/**
 * The unfinished uploads of all keys, as a store of the tus library. Only one server works on a folder, so the records
 * are read once and then held in memory.
 */
export class UnfinishedUploads extends FileStore {
  readonly locks = new UploadLocks()
  readonly #settings: Settings
  readonly #records: Map<string, UnfinishedRecord>
  readonly #finished: FinishedUploads
  readonly #space: UnfinishedSpace

  /** Reads the records that an earlier server left; removes uploads that are too old and files without a valid record. */
  static async open(settings: Settings): Promise<UnfinishedUploads> {
    const found: StoredUploads = {
      records: new Map(),
      finished: new FinishedUploads(),
      space: new UnfinishedSpace(settings.limits),
    }
    for (const keyId of await namesIn(settings.disk, settings.folder)) await readKeyFolder(settings, keyId, found)
    const uploads = new UnfinishedUploads(settings, found)
    await uploads.removeExpired()
    return uploads
  }

  private constructor(settings: Settings, { records, finished, space }: StoredUploads) {
    const { folder, limits } = settings
    const configstore = {
      get: async (id: string) => records.get(id) as Upload | undefined,
      set: async () => {
        throw new Error('the length of an upload is known when it is opened')
      },
      delete: async () => {},
    }
    super({ directory: folder, configstore, expirationPeriodInMilliseconds: limits.ageMsMax })
    this.extensions = ['creation', 'creation-with-upload', 'termination', 'expiration']
    this.#settings = settings
    this.#records = records
    this.#finished = finished
    this.#space = space
  }

  /** An id for a new upload of a key. Ids sort by the time at which they were made (UUID v7). */
  static newId(keyId: string): string {
    return UnfinishedUploads.idOf(keyId, uuid())
  }

  /** The id of an upload among those of all keys; `uploadId` is the part that its sender knows. */
  static idOf(keyId: string, uploadId: string): string {
    return `${keyId}/${uploadId}`
  }

  /** The record of an upload, unfinished or accepted; undefined if there is none. */
  recordOf(id: string): UnfinishedRecord | undefined {
    return this.#records.get(id) ?? this.#finished.get(id)
  }

  /** Where the bytes of an upload lie. */
  path(id: string): string {
    return join(this.#settings.folder, id)
  }

  /** Opens an upload: its record and an empty file. Throws `resumable_full`; then nothing is left behind. */
  override async create(upload: Upload): Promise<Upload> {
    const { id, size, metadata, creation_date } = upload
    const { disk, now } = this.#settings
    const reservation = { keyId: dirname(id), size: size ?? 0 }
    this.#space.checkOpening(reservation.keyId, reservation.size, now())
    // Counted before its files exist, because other uploads may be opened meanwhile.
    this.#records.set(id, { id, size, metadata, creation_date })
    this.#space.add(id, reservation)
    try {
      await makeFolder(disk, dirname(this.path(id)))
      await (await openPart(disk, this.path(id))).close()
      await this.#writeRecord(this.#records.get(id)!)
    } catch (error) {
      await this.remove(id)
      throw error
    }
    return upload
  }

  /** Writes bytes and returns the new offset. Throws `resumable_full` if there is no space for the whole upload. */
  override async write(bytes: Parameters<FileStore['write']>[0], id: string, offset: number): Promise<number> {
    const { disk, now } = this.#settings
    this.#space.begin(id, now())
    try {
      return await super.write(bytes, id, offset)
    } finally {
      this.#space.end(id, await sizeOf(disk, this.path(id)), now())
    }
  }

  /** The upload with its offset; an accepted one has all its bytes. Throws an error of tus if there is none. */
  override async getUpload(id: string): Promise<Upload> {
    const finished = this.#finished.get(id)
    return finished === undefined ? super.getUpload(id) : new Upload({ ...finished, offset: finished.size })
  }

  /** Forgets an upload, unfinished or accepted, and removes its files. */
  override async remove(id: string): Promise<void> {
    const { disk } = this.#settings
    await removeIfThere(disk, this.path(id) + RECORD_ENDING)
    await removeIfThere(disk, this.path(id))
    this.#records.delete(id)
    this.#finished.remove(id)
    this.#space.remove(id)
  }

  /** Keeps only the receipt's id of an upload that was accepted: its sender may have missed the answer. */
  async settle(id: string, acceptedAs: string): Promise<void> {
    const { size, creation_date } = this.#records.get(id)!
    const record = { id, size: size ?? 0, creation_date: creation_date!, acceptedAs }
    await this.#writeRecord(record)
    const dropped = this.#finished.add(record)
    this.#records.delete(id)
    this.#space.remove(id)
    await removeIfThere(this.#settings.disk, this.path(id))
    for (const each of dropped) await this.remove(each)
  }

  /** Removes the uploads older than `ageMsMax`, except those that a request is using, and returns their ids. */
  async removeExpired(): Promise<string[]> {
    const { limits, now } = this.#settings
    const expired = [...this.#records.values(), ...this.#finished.values()]
      .filter(({ id, creation_date }) => now() - Date.parse(creation_date!) > limits.ageMsMax && !this.locks.isHeld(id))
      .map(({ id }) => id)
    for (const id of expired) await this.remove(id)
    return expired
  }

  #writeRecord(record: UnfinishedRecord): Promise<void> {
    return replace(this.#settings.disk, this.path(record.id) + RECORD_ENDING, `${JSON.stringify(record)}\n`)
  }
}

/** What an earlier server left: records of unfinished and of accepted uploads, and the space they take. */
type StoredUploads = Readonly<{
  records: Map<string, UnfinishedRecord>
  finished: FinishedUploads
  space: UnfinishedSpace
}>

/**
 * Reads the records of one key. Removes bytes without a record, records whose bytes are gone, and the oldest accepted
 * uploads beyond the limit. Sorted names are in the order in which uploads were opened.
 */
async function readKeyFolder(
  { disk, folder }: Settings,
  keyId: string,
  { records, finished, space }: StoredUploads,
): Promise<void> {
  const names = (await namesIn(disk, join(folder, keyId))).sort()
  const existing = new Set(names)
  const ids = names.filter((name) => name.endsWith(RECORD_ENDING)).map((name) => name.slice(0, -RECORD_ENDING.length))
  const withBytes = ids.filter((uploadId) => existing.has(uploadId))
  const withoutBytes = ids.filter((uploadId) => !existing.has(uploadId)).slice(-FINISHED_PER_KEY_MAX)
  const kept = new Set<string>()
  for (const uploadId of [...withBytes, ...withoutBytes]) {
    const id = UnfinishedUploads.idOf(keyId, uploadId)
    const record = await readRecord(disk, join(folder, id) + RECORD_ENDING)
    if (record === undefined || (record.acceptedAs === undefined && !existing.has(uploadId))) continue
    kept.add(uploadId + RECORD_ENDING)
    const { size = 0, acceptedAs, creation_date = '' } = record
    if (acceptedAs !== undefined) {
      for (const each of finished.add({ id, size, creation_date, acceptedAs })) {
        finished.remove(each)
        await removeIfThere(disk, join(folder, each) + RECORD_ENDING)
      }
    } else {
      kept.add(uploadId)
      records.set(id, { ...record, id })
      space.add(id, { keyId, size, arrived: await sizeOf(disk, join(folder, id)) })
    }
  }
  await removeAll(
    disk,
    names.filter((name) => !kept.has(name)).map((name) => join(folder, keyId, name)),
  )
}

async function removeAll(disk: Disk, paths: readonly string[]): Promise<void> {
  for (let index = 0; index < paths.length; index += REMOVED_AT_ONCE)
    await Promise.all(paths.slice(index, index + REMOVED_AT_ONCE).map((path) => removeIfThere(disk, path)))
}

async function sizeOf(disk: Disk, path: string): Promise<number> {
  return (await disk.lstat(path).catch(undefinedIfMissing))?.size ?? 0
}

async function readRecord(disk: Disk, path: string): Promise<UnfinishedRecord | undefined> {
  const file = await openToRead(disk, path)
  try {
    const record: unknown = JSON.parse(await file.readFile('utf8'))
    return isUnfinishedRecord(record) ? record : undefined
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  } finally {
    await file.close()
  }
}

function isUnfinishedRecord(value: unknown): value is UnfinishedRecord {
  const { size, creation_date } = (value ?? {}) as Partial<UnfinishedRecord>
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
