/**
 * Which file of the archive a file is sent against (dcz): the newest of the same company that the server has promised to keep and that is
 * at least half as large. From one scrape of a chain to the next nearly all is the same, whatever the store; a scrape that broke off
 * has little of it (bench/README.md).
 *
 * The server tells who can do this: the newest receipt promises nothing where it cannot, and nothing is tried then. What goes wrong
 * with a dictionary is a reason to send the file without one, never to refuse it.
 */
import type { FileHandle } from 'node:fs/promises'
import { companyIn } from '@splitcart/shared/dictionary/company.ts'
import { DCZ, DICTIONARY_BYTES_MAX, type Dictionary, isDictionary } from '@splitcart/shared/dictionary/dcz.ts'
import type { Disk } from '@splitcart/shared/disk.ts'
import { HOUR_MS } from '@splitcart/shared/time.ts'
import { AnswerError, StrangeAnswer } from './answer.ts'
import { type Archived, receiptsIn } from './archive.ts'
import { beginningOf, beginningOfArchived, contentOf } from './archive-content.ts'
import type { Folders } from './folders.ts'
import type { Spooled } from './spool.ts'

// What is smaller fits into one packet or two anyway.
const CONTENT_BYTES_MIN = 32 * 1024
// A file that is still on its way then is sent once more, without.
const PROMISED_MS_MIN = HOUR_MS
// Among more files than that none is looked for.
const LOOKS_MAX = 200
// So many dictionaries that the server does not have say that it is another one, or the key is.
const UNKNOWN_MAX = 3

// What one small file was sent against serves the next ones of its company for a while: to read a newer one, here and on the server, takes
// longer than what it saves.
const SMALL_BYTES_MAX = 256 * 1024
const USED_MS_MAX = 10 * 60 * 1000
const USED_MAX = 16

/** An open file, of which nothing has been read. */
type FileToCompress = Readonly<{ source: Pick<FileHandle, 'read'>; size: number }>
type Candidate = Pick<Archived, 'name' | 'receipt'>
type Used = Readonly<{ receipt: Candidate['receipt']; dictionary: Dictionary; since: number }>

/** The dictionaries of a run, and with `--watch` of all runs of this process. */
export class Dictionaries {
  readonly #disk: Disk
  readonly #folders: Folders
  /** By the names of the files; read from the archive when they are asked for first. */
  #candidates: Promise<Map<string, Candidate>> | undefined
  readonly #companies = new Map<string, Promise<string>>()
  readonly #unusable = new Set<string>()
  /** The last one of each company that is small, since it was read. */
  readonly #used = new Map<string, Used>()
  /** The one that was read last: files that are sent at once are sent against the same. */
  #last: Readonly<{ sha256: string; bytes: Promise<Buffer | undefined> }> | undefined
  #unknown = 0
  /** Whether something on the way does not take them. */
  isOff = false

  constructor(disk: Disk, folders: Folders) {
    this.#disk = disk
    this.#folders = folders
  }

  /** A file was archived: the next one may be sent against it. */
  add({ name, receipt }: Candidate): void {
    // What reads the archive just now may have missed it.
    if (this.#candidates !== undefined) this.#keep(this.#candidates.then((all) => all.set(name, { name, receipt })))
  }

  /** The dictionary for a file of the outbox; undefined where there is none. */
  async chooseFor({ source, size }: FileToCompress, now: number): Promise<Dictionary | undefined> {
    if (this.isOff || size < CONTENT_BYTES_MIN) return undefined
    const company = companyIn(await beginningOf(source))
    return this.#usedFor(company, size, now) ?? (await this.#newestOf(company, size, now))
  }

  #usedFor(company: string, size: number, now: number): Dictionary | undefined {
    const used = this.#used.get(company)
    if (used === undefined || size > SMALL_BYTES_MAX || Math.abs(now - used.since) > USED_MS_MAX) return undefined
    return this.#mayServe(used, size, now) ? used.dictionary : undefined
  }

  async #newestOf(company: string, size: number, now: number): Promise<Dictionary | undefined> {
    const candidates = await this.#newestFirst()
    // A server that makes no promises takes no dictionaries.
    if (candidates[0]?.receipt.dictionary_until === undefined) return undefined
    for (const candidate of candidates.slice(0, LOOKS_MAX)) {
      if (!this.#mayServe(candidate, size, now)) continue
      const dictionary = (await this.#companyOf(candidate)) === company ? await this.#read(candidate) : undefined
      if (dictionary === undefined) continue
      this.#noteUse(company, { receipt: candidate.receipt, dictionary, since: now })
      return dictionary
    }
    return undefined
  }

  #mayServe({ receipt }: Pick<Candidate, 'receipt'>, size: number, now: number): boolean {
    return !this.#unusable.has(receipt.sha256) && 2 * receipt.bytes >= size && isPromised(receipt, now)
  }

  #noteUse(company: string, used: Used): void {
    this.#used.delete(company)
    if (used.receipt.bytes <= SMALL_BYTES_MAX) this.#used.set(company, used)
    for (const [oldest] of this.#used) if (this.#used.size > USED_MAX) this.#used.delete(oldest)
  }

  /** Whether an error is one of the dictionary, so that the file is to be sent without; what it says is remembered. */
  isFault(error: unknown, { encoding, dictionary = '' }: Pick<Spooled, 'encoding' | 'dictionary'>): boolean {
    if (encoding !== DCZ) return false
    const isOfWay = error instanceof StrangeAnswer && mayBeOfEncoding(error)
    const isOfServer = error instanceof AnswerError && error.retry === 'never' && mayBeOfCopy(error)
    this.isOff ||= isOfWay || (isOfServer && error.lacks(DCZ))
    if (isOfServer) this.#unusable.add(dictionary)
    if (isOfServer && error.document.code === 'dictionary_unknown') this.isOff ||= ++this.#unknown >= UNKNOWN_MAX
    return isOfWay || isOfServer
  }

  async #newestFirst(): Promise<Candidate[]> {
    // Files that are sent at once wait for one reading.
    const all = this.#candidates ?? this.#keep(this.#readAll())
    const may = [...(await all).values()].filter(
      ({ receipt: { bytes } }) => bytes >= CONTENT_BYTES_MIN && bytes <= DICTIONARY_BYTES_MAX,
    )
    return may.sort((one, other) => (one.receipt.received_at < other.receipt.received_at ? 1 : -1))
  }

  /** An archive that cannot be read now is read again for the next file. */
  #keep(candidates: Promise<Map<string, Candidate>>): Promise<Map<string, Candidate>> {
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
      this.#companies.get(sha256) ?? beginningOfArchived(this.#disk, this.#folders.archive, name).then(companyIn)
    this.#companies.set(sha256, company)
    company.catch(() => this.#companies.delete(sha256))
    return company
  }

  async #read({ name, receipt: { sha256 } }: Candidate): Promise<Dictionary | undefined> {
    const last =
      this.#last?.sha256 === sha256
        ? this.#last
        : { sha256, bytes: contentOf(this.#disk, this.#folders.archive, { name, sha256 }) }
    this.#last = last
    last.bytes.catch(() => {
      if (this.#last === last) this.#last = undefined
    })
    const bytes = await last.bytes
    if (bytes !== undefined && isDictionary(bytes)) return { sha256, bytes }
    this.#unusable.add(sha256)
    return undefined
  }
}

function isPromised({ dictionary_until }: Candidate['receipt'], now: number): boolean {
  return dictionary_until !== undefined && Date.parse(dictionary_until) - now > PROMISED_MS_MIN
}

/** Whether the file may be taken when it is sent in another way. */
function mayBeOfCopy({ refuses, document: { code } }: AnswerError): boolean {
  return !refuses || code === 'ratio_too_large' || code === 'members_too_many'
}

/** Whether an answer of somebody on the way may speak of an encoding that he does not know: he is not there for others. */
function mayBeOfEncoding({ status }: StrangeAnswer): boolean {
  return status === 501 || (status >= 400 && status < 500 && !OTHERS.has(status))
}

const OTHERS = new Set([401, 404, 407, 408, 413, 429])
