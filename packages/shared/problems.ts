/**
 * Every way a transfer can fail: one table, from which come the HTTP answers (RFC 9457), what a sender does about them,
 * the words a person reads, and docs/problems.md.
 */

/** What a sender does with an answer: try again at once with growing pauses, try again slowly, never, or stop the whole run. */
export type Retry = 'soon' | 'slowly' | 'never' | 'stop'

export type Kind = Readonly<{ status: number; retry: Retry; title: string; todo: string }>

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
  cross_site: kind(403, 'stop', 'The request comes from another site', 'Use the page of this server itself.'),
  not_found: kind(404, 'never', 'There is nothing here', 'Check the address and the id.'),
  method_not_allowed: kind(
    405,
    'never',
    'This method is not answered here',
    'Use a method that the Allow field names.',
  ),
  not_acceptable: kind(406, 'never', 'It is not told in that form', 'Send Accept: text/event-stream.'),
  body_late: kind(408, 'soon', 'The body stopped arriving', 'Nothing was kept; send the file again.'),
  head_late: kind(408, 'soon', 'The head of the request stopped arriving', 'Nothing was kept; send it again.'),
  body_slow: kind(408, 'soon', 'The body arrives too slowly', 'Nothing was kept; send it over a better line.'),
  offset_conflict: kind(
    409,
    'soon',
    'The upload does not stand there',
    'Ask where it stands with HEAD, and go on from there.',
  ),
  state_other: kind(
    409,
    'never',
    'That cannot be done in this state',
    'Look at what there is: "splitcart holds list", "splitcart loads list".',
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
  ratio_too_large: kind(
    413,
    'never',
    'The content is too many times larger than its compressed form',
    'Send it without compression, or raise CONTENT_RATIO_MAX on the server.',
  ),
  lines_too_many: kind(
    413,
    'never',
    'The content has too many lines',
    'Split the file, or raise the limit on the server.',
  ),
  members_too_many: kind(
    400,
    'never',
    'The body is made of too many gzip members or zstd frames',
    'Compress the file in one piece and send it again.',
  ),
  window_too_large: kind(
    400,
    'never',
    'The zstd window is too large',
    'Compress the file without --long and --ultra and send it again.',
  ),
  media_type_unsupported: kind(
    415,
    'never',
    'The media type is not taken',
    'Send a form, application/gzip, application/jsonl or application/x-ndjson; where JSON is asked for, application/json.',
  ),
  encoding_unsupported: kind(
    415,
    'never',
    'The content encoding is not taken',
    'Use an encoding that the Accept-Encoding field names, or none.',
  ),
  upload_busy: kind(423, 'soon', 'Another request writes to this upload', 'Nothing is lost; ask again in a moment.'),
  expectation_unsupported: kind(
    417,
    'never',
    'What is expected cannot be done',
    'Send no Expect, or Expect: 100-continue.',
  ),
  too_many_requests: kind(
    429,
    'soon',
    'This key makes too many requests',
    'Nothing is lost; wait as long as Retry-After says.',
  ),
  too_many_uploads: kind(
    429,
    'soon',
    'This key sends too many files at once',
    'Nothing is lost; send it when another one is through.',
  ),
  too_many_failures: kind(
    429,
    'soon',
    'Too many wrong keys came from this address',
    'Set API_SECRET_KEY to a right one; that is accepted at any time.',
  ),
  quota_used_up: kind(
    429,
    'soon',
    'This key has sent as much as it may in a day',
    'Nothing is lost; it goes on at midnight UTC, or when the limit on the server is raised.',
  ),
  head_too_large: kind(431, 'never', 'The head of the request is too large', 'Send fewer and shorter header fields.'),
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
  too_many_connections: kind(
    503,
    'soon',
    'Too many connections are open',
    'Nothing is lost; close what is not needed, and try again.',
  ),
  too_many_listeners: kind(
    503,
    'soon',
    'Too many connections listen to events',
    'Nothing is lost; close pages that nobody looks at, and try again.',
  ),
  answer_late: kind(503, 'slowly', 'The answer took too long', 'Ask for less at once, or when less is asked for.'),
  stopping: kind(503, 'soon', 'The server is stopping', 'Nothing was accepted; try again when it is back.'),
  database_unreachable: kind(503, 'soon', 'The database cannot be reached', 'See that it runs; nothing was taken.'),
  inbox_unreachable: kind(503, 'soon', 'The inbox cannot be reached', 'See that NATS runs; nothing was taken.'),
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

function kind(status: number, retry: Retry, title: string, todo: string): Kind {
  return { status, retry, title, todo }
}
