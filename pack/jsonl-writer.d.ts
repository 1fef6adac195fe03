/** A row as a scraper has it: plain objects that JSON can hold. docs/rows.md says what the server makes of it. */
export type ScrapedRow = Readonly<{ product: object; metadata: object }>

/** A line the server will reject, found before it was sent. */
export type Rejectable = Readonly<{ code: string; field: string | null; reason: string; line: number }>

/** What `commit` put into the outbox. `rejectable.first` holds at most ten. */
export type Committed = Readonly<{
  path: string
  name: string
  sha256: string
  rows: number
  duplicates: number
  rejectable: Readonly<{ rows: number; first: readonly Rejectable[] }>
  /** What can be known of the scrape alone, as sentences for people. */
  findings: readonly Readonly<{ sentence: string }>[]
}>

export type WriterOptions = Readonly<{ fileName?: string; now?: Date }>

/**
 * Writes one scrape to one JSON Lines file and hands it to the outbox whole.
 *
 *   open ── write* ──▶ commit ──▶ the file is in product_outbox
 *              └─────▶ dispose ─▶ no trace is left
 */
export declare class JsonlWriter {
  private constructor()
  /** Opens a writer below a data folder. Without `fileName` the file is named after its first row: company, store and date. */
  static open(dataDir: string, options?: WriterOptions): Promise<JsonlWriter>
  /** Adds one row, stamped with the time this writer was opened where it has no `metadata.scraped_at`. */
  write(row: ScrapedRow): Promise<'written' | 'duplicate'>
  /** Hands the file to the outbox; when this resolves it survives a power cut. */
  commit(): Promise<Committed>
  /** Closes the writer; without a commit before, no trace of it is left. `await using` calls it. */
  [Symbol.asyncDispose](): Promise<void>
}
