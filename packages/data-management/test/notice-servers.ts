/** Those who are told, for tests: a topic like ntfy's or a webhook, and a server for mail, each on a port of its own. */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { SMTPServer } from 'smtp-server'

/** What was posted, and where. */
export type Posted = Readonly<{ path: string; headers: IncomingMessage['headers']; body: Record<string, unknown> }>

/** Takes JSON by HTTP, and answers what `answer.status` says at that time, or `onPost`; 0: the line is cut; null: never. */
export async function openHook(onPost: (posted: Posted) => unknown = () => {}) {
  const posted: Posted[] = []
  const answer = { status: 200 }
  const server = createServer(async (request: IncomingMessage, response: ServerResponse) => {
    const text = (await Array.fromAsync(request)).join('')
    const post = { path: request.url ?? '', headers: request.headers, body: JSON.parse(text) }
    posted.push(post)
    const said = onPost(post)
    if (said === 0) response.destroy()
    else if (said !== null)
      response.writeHead(typeof said === 'number' ? said : answer.status, { location: '/elsewhere' }).end()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const close = async () => {
    server.closeAllConnections()
    server.close()
  }
  return { url, posted, answer, [Symbol.asyncDispose]: close }
}

/** Takes mail from whoever has the password. */
export async function openMailServer() {
  const mails: string[] = []
  const server = new SMTPServer({
    disabledCommands: ['STARTTLS'],
    allowInsecureAuth: true,
    onAuth: ({ username = '', password }, _session, done) =>
      password === 'a p@ss' ? done(null, { user: username }) : done(new Error('Invalid password')),
    onData: async (stream, _session, done) => {
      mails.push(Buffer.concat(await Array.fromAsync(stream as AsyncIterable<Buffer>)).toString())
      done()
    },
  })
  server.on('error', () => {})
  const listening = server.listen(0, '127.0.0.1')
  await once(listening, 'listening')
  const { port } = listening.address() as AddressInfo
  const close = () => new Promise<void>((resolve) => server.close(() => resolve()))
  return { port, mails, [Symbol.asyncDispose]: close }
}
