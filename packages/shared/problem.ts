/**
 * Every way a transfer can fail: one table, from which come the HTTP answers (RFC 9457), what a sender does about them,
 * the words a person reads, and docs/problems.md.
 */

/** What a sender does with an answer: try again at once with growing pauses, try again slowly, never, or stop the whole run. */
export type Retry = 'soon' | 'slowly' | 'never' | 'stop'

type Kind = Readonly<{ status: number; retry: Retry; title: string; todo: string }>

// A status of 0 never travels over HTTP: the problem is found on the machine that reports it.
export const PROBLEMS = {
  request_invalid: kind(400, 'never', 'The request is malformed', 'Send it as docs/protocol.md describes.'),
  file_missing: kind(
    400,
    'never',
    'The form has no file',
    'Send one part named "file" whose file name ends in .jsonl.gz.',
  ),
  form_invalid: kind(
    400,
    'never',
    'The form is not what is asked for',
    'Send one part named "file" and no other part.',
  ),
  file_name_missing: kind(
    400,
    'never',
    'The file has no name',
    'Add Content-Disposition: attachment; filename="x.jsonl.gz".',
  ),
  file_name_invalid: kind(400, 'never', 'The file name is not allowed', 'Rename the file and send it again.'),
  body_empty: kind(
    400,
    'never',
    'The body is empty',
    'Send the file in the body. A scrape without rows is a compressed empty file.',
  ),
  body_damaged: kind(400, 'never', 'The body cannot be decoded', 'Compress the file again and send it again.'),
  digest_invalid: kind(
    400,
    'never',
    'The digest is malformed',
    'Send Unencoded-Digest: sha-256=:<base64 of the 32 bytes>:.',
  ),
  digest_mismatch: kind(
    400,
    'never',
    'The bytes are not those the digest was made from',
    'Compress the file again and send it again.',
  ),
  key_refused: kind(
    401,
    'stop',
    'The key is missing or not accepted',
    'Set API_SECRET_KEY to a key made with "splitcart keys create" on the server.',
  ),
  scope_missing: kind(
    403,
    'stop',
    'The key may not do this',
    'Use a key with the scope that is named; "splitcart keys create" makes one.',
  ),
  not_found: kind(404, 'never', 'There is nothing here', 'Check the address and the id.'),
  method_not_allowed: kind(
    405,
    'never',
    'This method is not answered here',
    'Use a method that the Allow field names.',
  ),
  body_late: kind(408, 'soon', 'The body stopped arriving', 'Nothing was kept; send the file again.'),
  offset_conflict: kind(
    409,
    'soon',
    'The upload does not stand there',
    'Ask where it stands with HEAD, and go on from there.',
  ),
  upload_expired: kind(410, 'never', 'The unfinished upload was kept too long', 'Open a new one.'),
  protocol_version_unsupported: kind(
    412,
    'never',
    'This version of tus is not spoken here',
    'Send Tus-Resumable: 1.0.0 with every request.',
  ),
  body_too_large: kind(
    413,
    'never',
    'The compressed body is too large',
    'Split the file, or raise the limit on the server.',
  ),
  content_too_large: kind(
    413,
    'never',
    'The decompressed content is too large',
    'Split the file, or raise the limit on the server.',
  ),
  media_type_unsupported: kind(
    415,
    'never',
    'The media type is not taken',
    'Send a form, application/gzip, application/jsonl or application/x-ndjson.',
  ),
  encoding_unsupported: kind(
    415,
    'never',
    'The content encoding is not taken',
    'Use an encoding that the Accept-Encoding field names, or none.',
  ),
  upload_busy: kind(423, 'soon', 'Another request writes to this upload', 'Nothing is lost; ask again in a moment.'),
  internal: kind(
    500,
    'soon',
    'The server failed',
    'Nothing was accepted; it is safe to try again. The log of the server has the reason.',
  ),
  inbox_full: kind(
    503,
    'soon',
    'Too much waits to be loaded',
    'Nothing was accepted; try again later. On the server, see that update-db runs.',
  ),
  stopping: kind(503, 'soon', 'The server is stopping', 'Nothing was accepted; try again when it is back.'),
  disk_full: kind(
    507,
    'slowly',
    'The server has no room on its disk',
    'Nothing was accepted; make room on the server.',
  ),
  resumable_full: kind(
    507,
    'slowly',
    'There is no room for one more unfinished upload',
    'Finish or delete those that are open, or send the file in one POST.',
  ),

  settings_invalid: kind(
    0,
    'never',
    'The settings are not usable',
    'Set what is named; docs/settings.md lists all settings.',
  ),
  locked: kind(0, 'never', 'Another process is at work here', 'Wait for it to end, or stop it.'),
  server_unreachable: kind(
    0,
    'soon',
    'The server cannot be reached',
    'Nothing is lost: the files stay in the outbox. Check API_SERVER_URL and that the server runs.',
  ),
  answer_unknown: kind(
    0,
    'soon',
    'The answer is not one of a SplitCart server',
    'Nothing is lost: the files stay in the outbox. Check that API_SERVER_URL names the server itself.',
  ),
  receipt_mismatch: kind(
    0,
    'soon',
    'The receipt is for other bytes',
    'Nothing is lost: the file stays in the outbox. Send it again.',
  ),
  upload_forgotten: kind(
    0,
    'never',
    'The server has forgotten an upload it had accepted',
    'Nothing is lost: the file goes back to the outbox and is sent again. Perhaps the server was set back to a backup.',
  ),
  heartbeat_unanswered: kind(
    0,
    'never',
    'The heartbeat was not answered',
    'Uploads are not affected. Check HEARTBEAT_URL; a redirect is not followed.',
  ),
  file_changed: kind(
    0,
    'never',
    'The file changed while it was read',
    'Move files into the folder only when they are complete.',
  ),
  file_unreadable: kind(
    0,
    'never',
    'The file cannot be read',
    'Give this user the right to read it, and close programs that have it open.',
  ),
  address_unusable: kind(
    0,
    'never',
    'The server cannot listen there',
    'Set HOST and PORT to an address of this machine that is free.',
  ),
  machine_refused: kind(
    0,
    'never',
    'This machine refused',
    'Nothing is lost. Check who may read and write there, and that the disk has room; then run it again.',
  ),
  folder_unsafe: kind(
    0,
    'never',
    'This folder is not safe to work in',
    'Make it a folder of the user who runs this, that nobody else may write to; then run it again. Nothing was touched.',
  ),
  state_other: kind(
    0,
    'never',
    'That cannot be done in this state',
    'Look at what there is: "splitcart holds list", "splitcart loads list".',
  ),
  backup_unusable: kind(
    0,
    'never',
    'That is no backup that can be restored',
    'Name the file that "splitcart backup" wrote; the one next to it is needed too.',
  ),
  schema_newer: kind(0, 'never', 'The database was made by a newer program', 'Start the newer program.'),
  database_unusable: kind(
    0,
    'never',
    'The database cannot be used',
    'Check DATABASE_URL, and that this user may write there.',
  ),
} as const satisfies Record<string, Kind>

export type ProblemCode = keyof typeof PROBLEMS

/** A failure that was foreseen: it has a row in the table. Anything else that is thrown is a mistake in the program. */
export class Problem extends Error {
  override readonly name = 'Problem'
  readonly code: ProblemCode
  /** What happened this time, as a sentence; the title where there is no more to say. */
  readonly detail: string

  constructor(code: ProblemCode, detail?: string, options?: ErrorOptions) {
    super(`${PROBLEMS[code].title}${detail === undefined ? '' : `: ${detail}`}`, options)
    this.code = code
    this.detail = detail ?? PROBLEMS[code].title
  }

  get kind(): Kind {
    return PROBLEMS[this.code]
  }
}

/** A problem as it travels: `application/problem+json` of RFC 9457, with the `code` and what to do about it. */
export type ProblemDocument = Readonly<{
  type: string
  status: number
  code: string
  title: string
  detail: string
  todo: string
}>

export const PROBLEM_MEDIA_TYPE = 'application/problem+json'

/** The document that says what a problem is to whoever made the request. */
export function toProblemDocument(problem: Problem): ProblemDocument {
  const { status, title, todo } = problem.kind
  return {
    type: `urn:splitcart:problem:${problem.code}`,
    status,
    code: problem.code,
    title,
    detail: problem.detail,
    todo,
  }
}

/** The problem document in an answer's text, or `undefined` when it holds none (a proxy's error page). */
export function parseProblemDocument(text: string): ProblemDocument | undefined {
  try {
    const document = JSON.parse(text)
    const said = ['type', 'code', 'title', 'detail', 'todo'].every((name) => typeof document?.[name] === 'string')
    return said && Number.isInteger(document.status) ? document : undefined
  } catch {
    return undefined
  }
}

/** What a sender does with an HTTP status, also one that did not come from our server (design 5.3). */
export function retryOfStatus(status: number): Retry {
  if (status === 401 || status === 403) return 'stop'
  if (status === 507) return 'slowly'
  if (status === 408 || status === 425 || status === 429 || (status >= 500 && status !== 501)) return 'soon'
  return 'never'
}

function kind(status: number, retry: Retry, title: string, todo: string): Kind {
  return { status, retry, title, todo }
}
