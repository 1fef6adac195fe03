/** Help texts of the commands: the machine that each is for, and examples. */

const SCRAPING = 'On the machine that scrapes:'
const SERVER = 'On the server:'
const PRICES = 'Prices, on the server:'
/** Default group of commands in the help. */
export const BOTH_MACHINES = 'On either machine:'

/** The help group of each command, and common examples. */
export const COMMAND_HELP: Readonly<Record<string, Readonly<{ group: string; examples: readonly string[] }>>> = {
  'upload-data': {
    group: SCRAPING,
    examples: ['splitcart upload-data --wait', 'splitcart upload-data --watch', 'splitcart upload-data --dry-run'],
  },
  check: { group: SCRAPING, examples: ['splitcart check scrape.jsonl'] },
  scrape: { group: SCRAPING, examples: ['my-scraper | splitcart scrape --company aldi --store G700'] },
  map: { group: SCRAPING, examples: ['splitcart map'] },
  salvage: { group: SCRAPING, examples: ['splitcart salvage'] },
  archive: {
    group: BOTH_MACHINES,
    examples: [
      'splitcart archive list',
      'splitcart archive cat scrape.jsonl',
      'splitcart archive verify --server',
      'splitcart archive export /media/stick scrape.jsonl',
      'splitcart archive pack',
      'splitcart archive prune --dry-run',
    ],
  },
  connect: { group: SCRAPING, examples: ['splitcart connect https://data.example.org'] },
  disconnect: { group: SCRAPING, examples: ['splitcart disconnect'] },
  serve: { group: SERVER, examples: ['splitcart serve', 'splitcart serve --host 0.0.0.0 --port 8000'] },
  'update-db': {
    group: SERVER,
    examples: ['splitcart update-db --products', 'splitcart update-db --products --dry-run'],
  },
  keys: {
    group: SERVER,
    examples: [
      'splitcart keys create "kitchen laptop" --scope upload',
      'splitcart keys invite "kitchen laptop"',
      'splitcart keys list',
      'splitcart keys rotate ID',
      'splitcart keys revoke ID',
    ],
  },
  audit: { group: SERVER, examples: ['splitcart audit --json'] },
  holds: {
    group: SERVER,
    examples: [
      'splitcart holds list',
      'splitcart holds release ID',
      'splitcart holds discard ID --reason "half of the rows are missing"',
    ],
  },
  attention: {
    group: SERVER,
    examples: [
      'splitcart attention list',
      'splitcart attention tick silent aldi/G700 --until 2027-01-31',
      'splitcart attention untick silent aldi/G700',
    ],
  },
  notices: { group: SERVER, examples: ['splitcart notices list', 'splitcart notices test --receiver ntfy'] },
  findings: {
    group: SERVER,
    examples: [
      'splitcart findings',
      'splitcart findings believe aldi flag_constant --field is_available',
      'splitcart findings beliefs',
      'splitcart findings undo 1',
    ],
  },
  rejects: {
    group: SERVER,
    examples: [
      'splitcart rejects list',
      'splitcart rejects show scrape.jsonl',
      'splitcart rejects export scrape.jsonl > mended.jsonl',
    ],
  },
  loads: {
    group: SERVER,
    examples: ['splitcart loads list', 'splitcart loads undo ID', 'splitcart loads replay --older'],
  },
  same: {
    group: SERVER,
    examples: [
      'splitcart same aldi/123 iga/456',
      'splitcart same suggest',
      'splitcart same suspects',
      'splitcart same list',
      'splitcart same undo 1',
    ],
  },
  'not-same': { group: SERVER, examples: ['splitcart not-same aldi/123 iga/456'] },
  stores: {
    group: SERVER,
    examples: [
      'splitcart stores merge aldi/G70 aldi/G700',
      'splitcart stores merge list',
      'splitcart stores merge undo 1',
      'splitcart stores set aldi/G700 --retired',
    ],
  },
  backup: { group: SERVER, examples: ['splitcart backup /var/backups/splitcart'] },
  restore: { group: SERVER, examples: ['splitcart restore /var/backups/splitcart/backup.db'] },
  'join-databases': { group: SERVER, examples: ['splitcart join-databases'] },
  migrate: { group: SERVER, examples: ['splitcart migrate --to postgres://user@host/splitcart'] },
  upgrade: { group: SERVER, examples: ['splitcart upgrade'] },
  changes: {
    group: PRICES,
    examples: ['splitcart changes --days 7 --kind cheaper', 'splitcart changes --store aldi/G700'],
  },
  product: { group: PRICES, examples: ['splitcart product full cream milk 2l', 'splitcart product aldi/398953'] },
  cheapest: { group: PRICES, examples: ['splitcart cheapest milk', 'splitcart cheapest olive oil --limit 5'] },
  export: { group: PRICES, examples: ['splitcart export prices --csv > prices.csv', 'splitcart export observations'] },
  status: { group: BOTH_MACHINES, examples: ['splitcart status', 'splitcart status --json'] },
  doctor: { group: BOTH_MACHINES, examples: ['splitcart doctor'] },
  generate: { group: BOTH_MACHINES, examples: ['splitcart generate scraping/data/product_outbox'] },
  demo: { group: BOTH_MACHINES, examples: ['splitcart demo'] },
  completion: { group: BOTH_MACHINES, examples: ['splitcart completion bash'] },
  version: { group: BOTH_MACHINES, examples: ['splitcart version'] },
}

/** Aliases that people type instead of a command's name. */
export const COMMAND_ALIASES: Readonly<Record<string, string>> = {
  upload: 'upload-data',
  send: 'upload-data',
  load: 'update-db',
}
