/** Connections to a PostgreSQL address that may name several hosts: finds the writable one, also after a failover. */
import { mustBeWritable, splitHosts } from '@splitcart/shared/postgres-address.ts'
import { Problem } from '@splitcart/shared/problem.ts'
import pg from 'pg'
import { READ_ONLY_STATE, toPostgresProblem } from './postgres-problems.ts'

const CONNECT_MS_MAX = 10_000
// A former primary may keep connections open after a failover, so no connection is used longer than this.
const CONNECTION_SECONDS_MAX = 60

type ConnectHook = Readonly<{
  /** Prepares a new connection before it is used. */
  onConnect?: (client: pg.ClientBase) => Promise<void>
}>
type Callback = (
  error: Error | undefined,
  client: pg.PoolClient | undefined,
  release: (broken?: Error | boolean) => void,
) => void

/** A pool of connections to one of several hosts: the current one, until it fails; then the next one that answers. */
export class FailoverPool extends pg.Pool {
  readonly #addresses: readonly string[]
  #current = 0

  constructor(
    address: string,
    { onConnect, ...config }: Omit<pg.PoolConfig, 'onConnect' | 'connectionString'> & ConnectHook,
  ) {
    const addresses = splitHosts(address)
    const mayChange = addresses.length > 1 ? { maxLifetimeSeconds: CONNECTION_SECONDS_MAX } : {}
    super({
      connectionString: addresses[0]!,
      connectionTimeoutMillis: CONNECT_MS_MAX,
      ...mayChange,
      ...config,
      onConnect: async (client) => {
        if (mustBeWritable(address)) await checkWritable(client)
        await onConnect?.(client)
      },
    })
    this.#addresses = addresses
  }

  override connect(): Promise<pg.PoolClient>
  override connect(callback: Callback): void
  override connect(callback?: Callback): Promise<pg.PoolClient> | undefined {
    const found = tryHosts(this.#addresses.length, () => this.#connectToCurrent())
    if (callback === undefined) return found
    found.then(
      (client) => callback(undefined, client, (broken) => client.release(broken)),
      (error) => callback(error, undefined, () => {}),
    )
    return undefined
  }

  async #connectToCurrent(): Promise<pg.PoolClient> {
    const tried = this.#current
    try {
      return await super.connect()
    } catch (error) {
      if (isPoolFull(error)) throw error
      // A concurrent attempt may have moved on to the next host already.
      if (this.#current === tried) this.#current = (tried + 1) % this.#addresses.length
      // The pool reads its options anew for each client.
      const options: pg.PoolConfig = this.options
      options.connectionString = this.#addresses[this.#current]!
      throw error
    }
  }
}

/** One connection to the first usable host of an address. The caller ends it. */
export async function connectToFirstUsableHost(address: string): Promise<pg.Client> {
  const addresses = splitHosts(address)
  let index = 0
  return tryHosts(addresses.length, async () => {
    const client = new pg.Client({
      connectionString: addresses[index++]!,
      connectionTimeoutMillis: CONNECT_MS_MAX,
    })
    client.on('error', () => {})
    try {
      await client.connect()
      if (mustBeWritable(address)) await checkWritable(client)
      return client
    } catch (error) {
      await client.end()
      throw error
    }
  })
}

/** Calls `connect` for each host until one answers. A refused login ends it; else the error has all messages. */
async function tryHosts<T>(count: number, connect: () => Promise<T>): Promise<T> {
  const details: string[] = []
  for (;;)
    try {
      return await connect()
    } catch (error) {
      const problem = toPostgresProblem(error)
      if (!(problem instanceof Problem) || problem.code !== 'database_unreachable') throw error
      if (count === 1 || isPoolFull(error)) throw error
      details.push(problem.detail)
      if (details.length === count) throw new Problem('database_unreachable', details.join('; '), { cause: error })
    }
}

/** Whether an error says that no connection of the pool became free in time. The host itself is then not at fault. */
function isPoolFull(error: unknown): boolean {
  return error instanceof Error && error.message === 'timeout exceeded when trying to connect'
}

async function checkWritable(client: pg.ClientBase): Promise<void> {
  const { rows } = await client.query<{ transaction_read_only: string }>('show transaction_read_only')
  if (rows[0]?.transaction_read_only !== 'on') return
  const { host, port } = client as pg.Client
  throw Object.assign(new Error(`${host}:${port} can only be read`), { code: READ_ONLY_STATE })
}
