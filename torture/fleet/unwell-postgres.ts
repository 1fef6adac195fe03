/** A PostgreSQL that has not died and is of no use: it can only be read, is told to be quick, lets nobody in, wants another password. */
import { readFile, writeFile } from 'node:fs/promises'
import pg from 'pg'
import type { Cluster } from '../../test/postgres.ts'

const TIMES = ['statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout']
const ROLE = 'splitcart'

/** A database of a cluster, and the file in which its users find their password. */
export type Place = Readonly<{ cluster: Cluster; address: string; passwords: string }>

/** The file that says how somebody is let in, and what it says where everybody is. */
type Rules = Readonly<{ file: string; trusting: string }>

/** What can be made wrong with a database, and right again. Whoever is connected has to connect anew each time. */
export class UnwellPostgres {
  readonly #cluster: Cluster
  readonly #database: string
  readonly #passwords: string
  readonly #rules: Rules

  private constructor({ cluster, address, passwords }: Place, rules: Rules) {
    this.#cluster = cluster
    this.#database = new URL(address).pathname.slice(1)
    this.#passwords = passwords
    this.#rules = rules
  }

  static async open(place: Place): Promise<UnwellPostgres> {
    const file = await rulesOf(place.cluster.address)
    return new UnwellPostgres(place, { file, trusting: await readFile(file, 'utf8') })
  }

  /** As on a full disk, or after a failover. */
  async letWrite(isLet: boolean): Promise<void> {
    await this.#alter(isLet ? 'reset default_transaction_read_only' : 'set default_transaction_read_only = on')
    await this.#endConnections()
  }

  /** Whoever made the role wants every statement to be quick. */
  async hurry(isHurried: boolean): Promise<void> {
    for (const name of TIMES) await this.#alter(isHurried ? `set ${name} = '1ms'` : `reset ${name}`)
    await this.#endConnections()
  }

  /** Says how somebody is let in from now on, as in pg_hba.conf; empty: everybody. */
  async letIn(how: string): Promise<void> {
    const { file, trusting } = this.#rules
    await writeFile(file, how === '' ? trusting : `local ${this.#database} all ${how}\n${trusting}`)
    await this.#cluster.ask('select pg_reload_conf()')
    await this.#endConnections()
  }

  async setPassword(password: string): Promise<void> {
    await this.#cluster.ask(`alter role ${ROLE} password '${password}'`)
    await this.#endConnections()
  }

  /** Writes the password where its users read it. */
  async tellPassword(password: string): Promise<void> {
    await writeFile(this.#passwords, `*:*:*:*:${password}\n`, { mode: 0o600 })
  }

  #alter(how: string): Promise<void> {
    return this.#cluster.ask(`alter database ${this.#database} ${how}`)
  }

  #endConnections(): Promise<void> {
    return this.#cluster.ask(
      `select pg_terminate_backend(pid) from pg_stat_activity where datname = '${this.#database}'`,
    )
  }
}

async function rulesOf(address: string): Promise<string> {
  const client = new pg.Client({ connectionString: address })
  await client.connect()
  try {
    const { rows } = await client.query<{ file: string }>("select current_setting('hba_file') as file")
    return rows[0]!.file
  } finally {
    await client.end()
  }
}
