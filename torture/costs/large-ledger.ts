/** What people, machines and notices leave in a ledger, and how much of it: SQL for `large-data.ts`. */

/** The beginning of an insert of so many numbered records, `n`; the value of this name says how many. */
export const NUMBERS = (name: string) =>
  `with recursive n(i) as (select 1 union all select i + 1 from n where i < $${name}) insert into`

/** How much there is of what no sender makes. Of watches there may be 500. */
export type KeptSizes = Readonly<
  Record<'watches' | 'notices' | 'ticks' | 'machines' | 'requested' | 'verdicts' | 'beliefs' | 'audited', number>
>

const LARGEST: KeptSizes = {
  watches: 480,
  notices: 100_000,
  ticks: 10_000,
  machines: 2_000,
  requested: 5_000,
  verdicts: 10_000,
  beliefs: 1_000,
  audited: 200_000,
}

/** The same, less where there is less of everything else. */
export function keptSizesOf({ uploads }: Readonly<{ uploads: number }>): KeptSizes {
  const share = Math.min(1, uploads / 500_000)
  const sizes = Object.entries(LARGEST).map(([name, count]) => [name, Math.max(24, Math.ceil(count * share))])
  return Object.fromEntries(sizes) as KeptSizes
}

/** One store in so many has been silent for long. */
export const SILENT_EVERY = 6

/** Behind the uploads: they name some of them. */
export const KEPT = `
  ${NUMBERS('stores')} store_setting
    select 'company' || (1 + i % 3), 's' || i, 7, i % 10 = 1, iif(i % 10 = 3, '2999-01-01', null), 'A note', $now, 'settings'
    from n;
  ${NUMBERS('machines')} api_key (id, name, secret_sha256, scopes, created_at, last_used_at, last_used_from)
    select 'machine' || i, 'Machine ' || i, printf('%064x', i), 'upload', $now - i, $now, '203.0.113.7' from n;
  ${NUMBERS('machines')} machine_report
    select 'machine' || i, $now, iif(i % 50 = 0, 3600000, 0), '1.0.0', 'win32', 'x64', i % 7, i % 7 * 1000, i % 3 from n;
  insert into notice_receiver values ('ntfy', $now, 0, 9, 0, $now, 'no answer', null);
  ${NUMBERS('notices')} notice (id, at, kind, subject, is_over, text, data)
    select i, $now - ($notices - i) * 1000, 'silent', '["company1","s' || i || '"]', i % 2, 'Company 1 s' || i || ' is silent', null from n;
  ${NUMBERS('notices')} notice_delivery select 'ntfy', i, null from n;
  ${NUMBERS('watches')} watch (id, company, by_name, code, name, rule, target_cents, seen, who, created_at)
    select i, 'company' || (1 + ($giant + i) % 3), 0, 'sku' || ($giant + i), 'Milk number ' || ($giant + i), 'any', null,
      '{"lowest":100,"ever":90,"reached":false}', 'settings', $now from n where $giant + i < $listings - 20;
  ${NUMBERS('ticks')} tick
    select 'silent', '["company' || (1 + i * 6 % 3) || '","s' || (i * 6) || '"]', $longAgo, 'company/s' || (i * 6) || ', last long ago',
      iif(i % 2 = 0, '2999-01-01', null), $now - i, 'settings' from n where i * 6 <= $stores / 2;
  insert into tick
    select 'held', id, settled_at, filename, null, settled_at, 'settings' from upload where state = 'held'
    order by id desc limit $ticks / 2;
  insert into requested_file select id, $now from upload where state = 'loaded' order by id desc limit $requested;
  ${NUMBERS('verdicts')} verdict (id, company, by_name, code, other_company, other_by_name, other_code, verdict, at, who)
    select i, 'company' || (1 + i % 3), 0, 'sku' || i, 'company' || (1 + (i + 1) % 3), 0, 'sku' || (i + 1), 'not_same', $now, 'settings'
    from n;
  ${NUMBERS('beliefs')} belief (id, company, store, rule, field, at, who)
    select i, 'company' || (1 + i % 3), 's' || i, 'price_ratio', null, $now, 'settings' from n;
  ${NUMBERS('machines')} session select printf('%064x', i), 'machine' || i, '', $now - i, $now + 86400000 from n;
  ${NUMBERS('audited')} audit (id, at, who, what, about, detail)
    select i, $now - ($audited - i), 'settings', 'key created', 'machine' || i, 'Machine: upload' from n;
`
