/** A Python that is asked the same as the program: an implementation by other people. One process answers all questions. */
import { type ChildProcessByStdio, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'

const PYTHON = '/usr/bin/python3'

/** Why Python cannot be asked here, or false. */
export const PYTHON_MISSING: string | false = spawnSync(PYTHON, ['--version']).status !== 0 && `there is no ${PYTHON}`

const FRAMES = `
import sys, json
stdin = sys.stdin.buffer
def frames():
    while True:
        head = stdin.read(4)
        if len(head) < 4: return
        yield stdin.read(int.from_bytes(head, 'big'))
def serve(answer):
    for frame in frames():
        sys.stdout.write(json.dumps(answer(frame)) + '\\n')
        sys.stdout.flush()
`

/** A Python program that defines \`answer(frame)\`, asked with bytes. It answers with anything that JSON can say. */
export class Python {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>
  readonly #lines: AsyncIterator<string>
  #turn: Promise<unknown> = Promise.resolve()

  constructor(program: string) {
    const code = `${FRAMES}\n${program}\nserve(answer)`
    this.#child = spawn(PYTHON, ['-c', code], { stdio: ['pipe', 'pipe', 'inherit'] })
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]()
  }

  /** Asks, one question after the other. */
  ask(frame: Buffer): Promise<unknown> {
    const asked = this.#turn.then(() => this.#ask(frame))
    this.#turn = asked.catch(() => {})
    return asked
  }

  async close(): Promise<void> {
    this.#child.stdin.end()
    if (this.#child.exitCode === null) await once(this.#child, 'exit')
  }

  async #ask(frame: Buffer): Promise<unknown> {
    const head = Buffer.alloc(4)
    head.writeUInt32BE(frame.length)
    this.#child.stdin.write(Buffer.concat([head, frame]))
    const { done, value } = await this.#lines.next()
    if (done) throw new Error('Python ended')
    return JSON.parse(value)
  }
}
