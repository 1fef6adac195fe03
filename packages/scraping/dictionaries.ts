/**
 * Chooses the archived file that is the compression dictionary (dcz) of a file: the newest of the same company that the
 * server has promised to keep and that is at least half as large. Successive scrapes of a chain are nearly identical,
 * whatever the store; one that broke off has little in common with the next (bench/README.md).
 *
 * A server without dcz makes no promise in its newest receipt, and no dictionary is used then. An error with a
 * dictionary is a reason to send the file without one, never to refuse the file.
 */
import type { FileHandle } from 'node:fs/promises'
import { companyOfFirstRow } from '@splitcart/shared/dictionary/company.ts'
import { DCZ, DICTIONARY_BYTES_MAX, type Dictionary, isRawDictionary } from '@splitcart/shared/dictionary/dcz.ts'
import type { Disk } from '@splitcart/shared/disk.ts'
import { HOUR_MS } from '@splitcart/shared/time.ts'
import { AnswerError, ForeignResponse } from './answer.ts'
import { type ArchivedFile, receiptsIn } from './archive.ts'
import { beginningOf, beginningOfArchived, readArchivedFile } from './archive-content.ts'
import type { Folders } from './folders.ts'
import type { Spooled } from './spool.ts'

// Smaller files fit into a packet or two without a dictionary.
const CONTENT_BYTES_MIN = 32 * 1024
// The promise has to last this much longer; a file still in transit when it ends is sent again without a dictionary.
const PROMISED_MS_MIN = HOUR_MS
// At most this many of the newest archived files are considered.
const CANDIDATES_MAX = 200
// After this many unknown dictionaries it is another server, or another key, and dictionaries are turned off.
const UNKNOWN_MAX = 3

// A dictionary is reused for the next files of its company for a while: reading a newer one, here and on the server, takes
// longer than it saves. A large one only if this process has sent it: what differs from a file of another day is sent
// again with each file.
const SMALL_BYTES_MAX = 256 * 1024
const REUSED_MS_MAX = 10 * 60 * 1000

/** An open file that has not been read from yet, and its size in bytes. */
type FileToCompress = Readonly<{ source: Pick<FileHandle, 'read'>; size: number }>
/** An archived file. `isNew`: this process has sent it. */
type Candidate = Pick<ArchivedFile, 'name' | 'receipt'> & Readonly<{ isNew?: true }>
type RecentDictionary = Candidate & Readonly<{ dictionary: Dictionary; since: number }>

/** Dictionaries of one run; with `--watch`, of all rounds of this process. */
export class Dictionaries {
  readonly #disk: Disk
  readonly #folders: Folders
  /** Candidates by file name; read from the archive on first use. */
  #candidates: Promise<Map<string, Candidate>> | undefined
  readonly #companies = new Map<string, Promise<string>>()
  readonly #unusable = new Set<string>()
  /** The last dictionary used for each company, with the time it was read; the least recently read first. */
  readonly #used = new Map<string, RecentDictionary>()
  /** The dictionary read last: files that are sent concurrently share it. */
  #last: Readonly<{ sha256: string; bytes: Promise<Buffer | undefined> }> | undefined
  #unknown = 0
  /** Whether dictionaries are off: the server or a proxy does not accept them, or the server lacks several of them. */
  isOff = false

  constructor(disk: Disk, folders: Folders) {
    this.#disk = disk
    this.#folders = folders
  }

  /** Adds a newly archived file as a candidate. */
  add({ name, receipt }: Candidate): void {
    // A read of the archive in progress may have missed it.
    if (this.#candidates !== undefined)
      void this.#cache(this.#candidates.then((all) => all.set(name, { name, receipt, isNew: true })))
  }

  /** Returns the dictionary for a file of the outbox, or undefined; `now` is in ms since 1970. */
  async chooseFor({ source, size }: FileToCompress, now: number): Promise<Dictionary | undefined> {
    if (this.isOff || size < CONTENT_BYTES_MIN) return undefined
    const company = companyOfFirstRow(await beginningOf(source))
    return this.#usedFor(company, size, now) ?? (await this.#newestOf(company, size, now))
  }

  #usedFor(company: string, size: number, now: number): Dictionary | undefined {
    const used = this.#used.get(company)
    if (used === undefined || Math.abs(now - used.since) > REUSED_MS_MAX) return undefined
    if (size > SMALL_BYTES_MAX && !used.isNew) return undefined
    return this.#mayServe(used, size, now) ? used.dictionary : undefined
  }

  async #newestOf(company: string, size: number, now: number): Promise<Dictionary | undefined> {
    const candidates = await this.#newestFirst()
    // A server that makes no promise does not accept dictionaries.
    if (candidates[0]?.receipt.dictionary_until === undefined) return undefined
    for (const candidate of candidates.slice(0, CANDIDATES_MAX)) {
      if (!this.#mayServe(candidate, size, now)) continue
      const dictionary = (await this.#companyOf(candidate)) === company ? await this.#read(candidate) : undefined
      if (dictionary === undefined) continue
      this.#recordUse(company, { ...candidate, dictionary, since: now })
      return dictionary
    }
    return undefined
  }

  #mayServe({ receipt }: Pick<Candidate, 'receipt'>, size: number, now: number): boolean {
    return !this.#unusable.has(receipt.sha256) && 2 * receipt.bytes >= size && isPromised(receipt, now)
  }

  #recordUse(company: string, used: RecentDictionary): void {
    this.#used.delete(company)
    this.#used.set(company, used)
    let bytes = [...this.#used.values()].reduce((sum, { dictionary }) => sum + dictionary.bytes.length, 0)
    for (const [oldest, { dictionary }] of this.#used) {
      if (bytes <= DICTIONARY_BYTES_MAX) break
      this.#used.delete(oldest)
      bytes -= dictionary.bytes.length
    }
  }

  /** Whether an error is due to the dictionary, so that the file is to be sent without. Remembers the cause. */
  isDictionaryFault(error: unknown, { encoding, dictionary = '' }: Pick<Spooled, 'encoding' | 'dictionary'>): boolean {
    if (encoding !== DCZ) return false
    const isOfWay = error instanceof ForeignResponse && mayConcernEncoding(error)
    const isOfServer = error instanceof AnswerError && error.retry === 'never' && mayConcernCopy(error)
    this.isOff ||= isOfWay || (isOfServer && error.rejectsEncoding(DCZ))
    if (isOfServer) this.#unusable.add(dictionary)
    if (isOfServer && error.document.code === 'dictionary_unknown') this.isOff ||= ++this.#unknown >= UNKNOWN_MAX
    return isOfWay || isOfServer
  }

  async #newestFirst(): Promise<Candidate[]> {
    // Files that are sent concurrently share one read of the archive.
    const all = this.#candidates ?? this.#cache(this.#readAll())
    const may = [...(await all).values()].filter(
      ({ receipt: { bytes } }) => bytes >= CONTENT_BYTES_MIN && bytes <= DICTIONARY_BYTES_MAX,
    )
    return may.sort((one, other) => (one.receipt.received_at < other.receipt.received_at ? 1 : -1))
  }

  /** Caches the candidates; after a failed read the archive is read again for the next file. */
  #cache(candidates: Promise<Map<string, Candidate>>): Promise<Map<string, Candidate>> {
    this.#candidates = candidates
    candidates.catch(() => {
      this.#candidates = undefined
    })
    return candidates
  }

  async #readAll(): Promise<Map<string, Candidate>> {
    const all = new Map<string, Candidate>()
    for await (const { name, receipt } of receiptsIn(this.#disk, this.#folders)) all.set(name, { name, receipt })
    return all
  }

  #companyOf({ name, receipt: { sha256 } }: Candidate): Promise<string> {
    const company =
      this.#companies.get(sha256) ??
      beginningOfArchived(this.#disk, this.#folders.archive, name).then(companyOfFirstRow)
    this.#companies.set(sha256, company)
    company.catch(() => this.#companies.delete(sha256))
    return company
  }

  async #read({ name, receipt: { sha256 } }: Candidate): Promise<Dictionary | undefined> {
    const last =
      this.#last?.sha256 === sha256
        ? this.#last
        : { sha256, bytes: readArchivedFile(this.#disk, this.#folders.archive, { name, sha256 }) }
    this.#last = last
    last.bytes.catch(() => {
      if (this.#last === last) this.#last = undefined
    })
    const bytes = await last.bytes
    if (bytes !== undefined && isRawDictionary(bytes)) return { sha256, bytes }
    this.#unusable.add(sha256)
    return undefined
  }
}

function isPromised({ dictionary_until }: Candidate['receipt'], now: number): boolean {
  return dictionary_until !== undefined && Date.parse(dictionary_until) - now > PROMISED_MS_MIN
}

/** Whether the file may be accepted with another encoding. */
function mayConcernCopy({ refusesFile, document: { code } }: AnswerError): boolean {
  return !refusesFile || code === 'ratio_too_large' || code === 'members_too_many'
}

/** Whether a proxy's response may be about the encoding. The statuses in OTHER_CAUSES are about something else. */
function mayConcernEncoding({ status }: ForeignResponse): boolean {
  return status === 501 || (status >= 400 && status < 500 && !OTHER_CAUSES.has(status))
}

const OTHER_CAUSES = new Set([401, 404, 407, 408, 413, 429])
