/** The ledger's tables. They are reached with Kysely, so that one set of queries serves every database. */
import type { Generated, Kysely } from 'kysely'

/** A person's request for an upload: load it (again) without holding it, undo its load, or discard it for good. */
export type UploadAction = 'load' | 'undo' | 'discard'

export type LedgerTables = {
  upload: {
    id: string
    sha256: string
    filename: string
    stored_as: string
    bytes: number
    lines: number
    wire_bytes: number | null
    received_at: number
    ranked_at: Generated<number | null>
    state: string
    load: string | null
    settled_at: number | null
    action: UploadAction | null
    action_by: string | null
    action_reason: string | null
    loading_at: number | null
    loaded_for: string | null
    action_limited: Generated<number>
    load_attempts: Generated<number>
    kind: Generated<string>
    repair: Generated<string | null>
  }
  arriving: {
    id: string
    sha256: string
    filename: string
    bytes: number
    lines: number
    wire_bytes: number
    received_at: number
    ranked_at: Generated<number | null>
    key_id: string
    is_noted: Generated<number>
    kind: Generated<string>
  }
  delivery: {
    upload_id: string
    key_id: string
    first_at: number
    last_at: number
    times: number
    filename: string | null
  }
  api_key: {
    id: string
    name: string
    secret_sha256: string
    scopes: string
    only_for: string | null
    only_from: string | null
    rotated_to: string | null
    created_at: number
    expires_at: number | null
    revoked_at: number | null
    last_used_at: number | null
    last_used_from: string | null
  }
  machine_report: {
    key_id: string
    heard_at: number
    skew_ms: number
    version: string
    platform: string
    arch: string
    waiting_files: number
    waiting_bytes: number
    refused_files: number
  }
  invitation: {
    code_sha256: string
    name: string
    scopes: string
    only_for: string | null
    only_from: string | null
    key_expires_at: number | null
    created_at: number
    expires_at: number
    used_at: Generated<number | null>
    key_id: Generated<string | null>
  }
  identity: { one: number; id: string; may_differ: Generated<number> }
  lost: { id: string; sha256: string; upload: string; deliveries: string; reason: string; lost_at: number }
  session: { token_sha256: string; key_id: string; key_mark: string; created_at: number; expires_at: number }
  upload_count: { state: string; files: number; bytes: number }
  load_total: { name: string; amount: number }
  requested_file: { upload_id: string; requested_at: number }
  upload_change: { id: Generated<number>; upload_id: string }
  verdict: {
    id: Generated<number>
    company: string
    by_name: number
    code: string
    other_company: string
    other_by_name: number
    other_code: string
    verdict: string
    at: number
    who: string
    reason: string | null
    undone_at: number | null
    undone_by: string | null
  }
  store_merge: {
    id: Generated<number>
    company: string
    code: string
    into_code: string
    at: number
    who: string
    reason: string | null
    undone_at: number | null
    undone_by: string | null
  }
  tick: {
    kind: string
    subject: string
    mark: string
    text: string
    until: string | null
    at: number
    who: string
  }
  store_setting: {
    company: string
    store: string
    expected_days: number | null
    is_retired: number
    snoozed_until: string | null
    note: string | null
    at: number
    who: string
  }
  belief: {
    id: Generated<number>
    company: string
    store: string | null
    rule: string
    field: string | null
    at: number
    who: string
    reason: string | null
    undone_at: Generated<number | null>
    undone_by: Generated<string | null>
  }
  condition: {
    kind: string
    subject: string
    text: string
    data: string | null
    since: number
    told_at: Generated<number | null>
  }
  notice: {
    id: Generated<number>
    at: number
    kind: string
    subject: string
    is_over: Generated<number>
    text: string
    data: string | null
  }
  notice_receiver: {
    name: string
    seen_at: number
    next_at: Generated<number>
    failures: Generated<number>
    claimed_until: Generated<number>
    last_at: Generated<number | null>
    last_answer: Generated<string | null>
    told_at: Generated<number | null>
  }
  notice_delivery: { receiver: string; notice_id: number; begun_at: Generated<number | null> }
  watch: {
    id: Generated<number>
    company: string
    by_name: number
    code: string
    name: string
    rule: string
    target_cents: number | null
    seen: string
    who: string
    created_at: number
  }
  audit: { id: Generated<number>; at: number; who: string; what: string; about: string; detail: string | null }
}

export type LedgerDatabase = Kysely<LedgerTables>
