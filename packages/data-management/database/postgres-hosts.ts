/** Connections to a PostgreSQL address that may name several hosts: finds the writable one, also after a failover. */
import { mustBeWritable, splitHosts } from '@splitcart/shared/postgres-address.ts'
import { Problem } from '@splitcart/shared/problem.ts'
import pg from 'pg'
import { CANNOT_BE_WRITTEN, problemOf } from './postgres-problems.ts'

const CONNECT_MS_MAX = 10_000
// A former primary may keep its connections open after a failover: none is used longer than this.
const SECONDS_MAX = 60

type Connected = Readonly<{
  /** Prepares a new connection before it is used. */
  onConnect?: (client: pg.ClientBase) => Promise<void>
}>
type Callback = (
  error: Error | undefined,
  client: pg.PoolClient | undefined,
  release: (broken?: Error | boolean) => void,
) => void

/** A pool of connections to one host: the one that answered last, otherwise the next that does. */
export class HostsPool extends pg.Pool {
  readonly #addresses: readonly string[]
  #current = 0

  constructor(
    address: string,
    { onConnect, ...config }: Omit<pg.PoolConfig, 'onConnect' | 'connectionString'> & Connected,
  ) {
    const addresses = splitHosts(address)
    const mayChange = addresses.length > 1 ? { maxLifetimeSeconds: SECONDS_MAX } : {}
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
    const found = firstOf(this.#addresses.length, () => this.#connectToCurrent())
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
export async function connectTo(address: string): Promise<pg.Client> {
  const addresses = splitHosts(address)
  let place = 0
  return firstOf(addresses.length, async () => {
    const client = new pg.Client({
      connectionString: addresses[place++]!,
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

/** Tries up to `count` times; a refused login is not tried elsewhere. The error has the messages of all failures. */
async function firstOf<T>(count: number, connect: () => Promise<T>): Promise<T> {
  const said: string[] = []
  for (;;)
    try {
      return await connect()
    } catch (error) {
      const problem = problemOf(error)
      if (!(problem instanceof Problem) || problem.code !== 'database_unreachable') throw error
      if (count === 1 || isPoolFull(error)) throw error
      said.push(problem.detail)
      if (said.length === count) throw new Problem('database_unreachable', said.join('; '), { cause: error })
    }
}

/** Whether all connections of a pool were in use for too long: no host is at fault. */
function isPoolFull(error: unknown): boolean {
  return error instanceof Error && error.message === 'timeout exceeded when trying to connect'
}

async function checkWritable(client: pg.ClientBase): Promise<void> {
  const { rows } = await client.query<{ transaction_read_only: string }>('show transaction_read_only')
  if (rows[0]?.transaction_read_only !== 'on') return
  const { host, port } = client as pg.Client
  throw Object.assign(new Error(`${host}:${port} can only be read`), { code: CANNOT_BE_WRITTEN })
}
